import { DEPTHS } from "./resnet.js";

/** Tensors by name, of which only the shapes are looked at. */
export type Shapes = ReadonlyMap<string, { readonly shape: readonly number[] }>;

/**
 * What a file's tensors look like, in words, e.g. "DeepLab-v2 ResNet-101, 19 classes"; undefined where
 * it is nothing that we know.
 */
export function recognise(tensors: Shapes): string | undefined {
  return resnetOf(tensors) ?? mobilenetOf(tensors) ?? coderOf(tensors);
}

/** What comes before `name` in the first tensor that is called so, below whatever prefix. */
function prefixOf(tensors: Shapes, name: string): string | undefined {
  const found = [...tensors.keys()].find((own) => new RegExp(`(^|[./])${name}$`).test(own));
  return found?.slice(0, found.length - name.length);
}

const widthOf = (channels: number | undefined, published: number) =>
  channels === undefined || channels === published ? "" : ` at width ${channels / published}`;

function resnetOf(tensors: Shapes): string | undefined {
  const prefix = prefixOf(tensors, "layer1.0.conv1.weight");
  if (prefix === undefined) return undefined;
  const shape = (name: string) => tensors.get(prefix + name)?.shape;
  const blocks = [1, 2, 3, 4].map((stage) => {
    let count = 0;
    while (shape(`layer${stage}.${count}.conv1.weight`)) count++;
    return count;
  });
  const expansion = shape("layer1.0.conv3.weight") ? 4 : 1;
  const [name] =
    Object.entries(DEPTHS).find(
      ([, depth]) => depth.expansion === expansion && String(depth.blocks) === String(blocks),
    ) ?? [];
  const trunk =
    (name === undefined ? `ResNet of ${blocks} blocks` : name.replace("resnet", "ResNet-")) +
    widthOf(shape("conv1.weight")?.[0], 64);
  const [aux, main] = [5, 6].map((layer) => shape(`layer${layer}.conv2d_list.0.weight`)?.[0]);
  const labels = shape("fc.weight")?.[0];
  if (main !== undefined) {
    return `DeepLab-v2 ${trunk}, ${main} classes${aux === undefined ? ", without layer5" : ""}`;
  }
  if (labels !== undefined) return `${trunk} that classifies images, ${labels} classes`;
  if (aux !== undefined) return `${trunk} with a layer5 for ${aux} classes, which is another head`;
  return `${trunk}, the backbone alone`;
}

function mobilenetOf(tensors: Shapes): string | undefined {
  const keras = tensors.get("conv_pw_13/kernel")?.shape[3];
  const prefix = prefixOf(tensors, "conv_pw_13.weight");
  const channels = keras ?? tensors.get(`${prefix}conv_pw_13.weight`)?.shape[0];
  if (channels === undefined) return undefined;
  const trunk = `MobileNetV1${widthOf(channels, 1024)}`;
  const classes = tensors.get(`${prefix}layer6.conv2d_list.0.weight`)?.shape[0];
  if (classes !== undefined) return `DeepLab-v2 ${trunk}, ${classes} classes`;
  const labels = tensors.get("conv_preds/kernel")?.shape[3];
  return labels === undefined
    ? `${trunk}, the backbone alone`
    : `${trunk} that classifies images, ${labels} classes`;
}

function coderOf(tensors: Shapes): string | undefined {
  const shape = (name: string) => String(tensors.get(name)?.shape.slice(1));
  if (shape("0.weight") === "3,1,1" && tensors.has("28.weight")) return "AdaIN's encoder, a VGG-19";
  if (shape("1.weight") === "512,3,3" && tensors.has("28.weight")) return "AdaIN's decoder";
  return undefined;
}
