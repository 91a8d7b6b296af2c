import { prefixesOf } from "../nn/index.js";
import type { Backbone, ShapeOf } from "./backbone.js";
import { BACKBONES, backbones } from "./backbones.js";
import type { Decoder } from "./decoder.js";
import { type DecoderName, decoders } from "./decoders.js";
import type { Network } from "./network.js";
import { translated } from "./published.js";

type Shape = readonly number[];
type Shapes = ReadonlyMap<string, { readonly shape: Shape }>;

/** The network that a file's tensors belong to. */
export interface Identity {
  /** E.g. "DeepLab-v2 ResNet-101, 19 classes". */
  readonly words: string;
  /** The name of its backbone, e.g. "ResNet-101". Undefined if no backbone of the registry can load it. */
  readonly backbone?: string;
  readonly decoder?: DecoderName | undefined;
  readonly width?: number;
  /** The classes of its main classifier. */
  readonly classes?: number | undefined;
  /** Values of configuration keys for such a network. */
  readonly settings?: Readonly<Record<"backbone" | "width" | "decoder", string | undefined>>;
}

/** Networks that are not supported, by the end of the name of one of their tensors. */
const OTHERS = [
  ["EfficientNet", "1.0.block.0.0.weight"], // before MobileNetV3, which has the same blocks
  ["MobileNetV3", "1.block.0.0.weight"],
  ["SegFormer", "patch_embed1.proj.weight"],
  ["SegFormer", "patch_embeddings.0.proj.weight"], // of Hugging Face
  ["SegFormer", "layers.0.0.projection.weight"], // of mmsegmentation
  ["MobileNetV2 with mmsegmentation's names", "layer1.0.conv.0.conv.weight"],
] as const;

/** The identity of a file's tensors; undefined if they are not recognised. */
export function identify(tensors: Shapes): Identity | undefined {
  const shapes = new Map([...tensors].map(([name, { shape }]) => [name, shape]));
  for (const backbone of Object.values(backbones)) {
    const found = onBackbone(backbone, shapes);
    if (found !== undefined) return found;
  }
  const [other] = OTHERS.find(([, anchor]) => prefixesOf(shapes.keys(), anchor).length > 0) ?? [];
  const words = other ?? coderOf(shapes) ?? vggOf(shapes);
  return words === undefined ? undefined : { words };
}

function onBackbone(backbone: Backbone, shapes: ReadonlyMap<string, Shape>): Identity | undefined {
  const { anchor, describe } = backbone.published;
  const permuted = (shape: Shape, axes: readonly number[]) =>
    axes.map((axis) => shape[axis] as number);
  const ours = translated(shapes, backbone, permuted);
  const [prefix] = prefixesOf(ours.keys(), anchor);
  if (prefix === undefined) return undefined;
  const shapeOf: ShapeOf = (name) => ours.get(prefix + name);
  const { name, backbone: setting, width, imageClasses } = describe(shapeOf);
  const named = width === 1 ? name : `${name} at width ${width}`;
  const { words, decoder, classes } = withDecoder(named, shapeOf);
  const alone =
    imageClasses === undefined
      ? `${named}, backbone only`
      : `${named} image classifier, ${imageClasses} classes`;
  return {
    words: words ?? alone,
    ...(setting === undefined ? {} : { backbone: name }),
    ...{ width, decoder, classes },
    settings: { backbone: setting, width: String(width), decoder },
  };
}

/** Describes a backbone with the decoder in the file. */
function withDecoder(
  backbone: string,
  shape: ShapeOf,
): { readonly words?: string; readonly decoder?: DecoderName; readonly classes?: number } {
  for (const [name, decoder] of Object.entries<Decoder>(decoders)) {
    const found = decoder.describe(shape);
    if (found === undefined) continue;
    const { aux } = decoder.scopes;
    const without = found.aux ? "" : `, without ${aux}`;
    const words = `${found.name} ${backbone}, ${found.classes} classes${without}`;
    return { words, decoder: name as DecoderName, classes: found.classes };
  }
  const { aux } = decoders["deeplab-v2"].scopes;
  const classes = shape(`${aux}.conv2d_list.0.weight`)?.[0];
  if (classes === undefined) return {};
  return {
    words: `${backbone} with a ${aux} for ${classes} classes, which belongs to another head`,
  };
}

/** AdaIN's published files, which style/ reads. network/ may not import style/. */
function coderOf(shapes: ReadonlyMap<string, Shape>): string | undefined {
  const kernel = (name: string) => String(shapes.get(name)?.slice(1)); // [in, h, w]
  if (!shapes.has("28.weight")) return undefined;
  if (kernel("0.weight") === "3,1,1") return ADAIN_ENCODER;
  if (kernel("1.weight") === "512,3,3") return "AdaIN's decoder";
  return undefined;
}

/** The words for AdaIN's published encoder. */
export const ADAIN_ENCODER = "AdaIN's encoder, a VGG-19";

/** torchvision's VGGs: layers numbered from 0, or from features.0, that end with 512 channels. */
function vggOf(shapes: ReadonlyMap<string, Shape>): string | undefined {
  const [prefix] = prefixesOf(shapes.keys(), "0.weight").filter(
    (prefix) =>
      String(shapes.get(`${prefix}0.weight`)) === "64,3,3,3" &&
      [...shapes].some(
        ([name, shape]) =>
          name.startsWith(prefix) &&
          /^\d+\.weight$/.test(name.slice(prefix.length)) &&
          String(shape) === "512,512,3,3",
      ),
  );
  if (prefix === undefined) return undefined;
  const normalised = shapes.has(`${prefix}1.running_mean`);
  return normalised ? "VGG with batch normalisation" : "VGG without normalisation";
}

/**
 * Describes the network that a file's tensors belong to, e.g. "DeepLab-v2 ResNet-101, 19 classes";
 * undefined if they are not recognised.
 */
export const recognise = (tensors: Shapes): string | undefined => identify(tensors)?.words;

/**
 * Advice for a file of weights that does not fit a network: what the file is, and which keys of the
 * configuration to change.
 */
export function mismatchAdvice(tensors: Shapes, network: Network): string {
  const theirs = identify(tensors);
  const ours = identify(network.parameters.all);
  if (theirs === undefined) return "check backbone, width and the number of classes";
  const { words, backbone, settings } = theirs;
  if (backbone === undefined || settings === undefined) {
    return `${thisIs(words)}, but network.backbone must be one of ${BACKBONES.join(", ")}`;
  }
  const differing = (["backbone", "width", "decoder"] as const).filter(
    (key) => theirs[key] !== undefined && theirs[key] !== ours?.[key],
  );
  const changes = differing.map((key) => `network.${key}=${settings[key]}`);
  if (changes.length > 0) return `${thisIs(words)}: set ${changes.join(" and ")}`;
  const what = theirs.classes === ours?.classes ? "network.head" : "the number of classes";
  return `${thisIs(words)}: check ${what}`;
}

/** "this is a ResNet-18, backbone only" */
export function thisIs(words: string): string {
  if (words.includes("'s ")) return `this is ${words}`;
  return `this is ${/^[AEIOU]/.test(words) ? "an" : "a"} ${words}`;
}

/** The name of the decoder in a file, if it differs from the network's. */
export function otherDecoder(tensors: Shapes, network: Network): DecoderName | undefined {
  const theirs = identify(tensors)?.decoder;
  return theirs === identify(network.parameters.all)?.decoder ? undefined : theirs;
}
