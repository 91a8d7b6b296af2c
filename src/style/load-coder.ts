import { loadByName, withoutPrefix } from "../nn/index.js";
import { dispose, readTensors, type TensorMap } from "../torch/index.js";
import type { Coder } from "./coder.js";

/** AdaIN's encoder continues to relu5_4; relu4_1 is its 31st layer. */
const LAYERS = 31;

/** How to fill a part of a coder from a file. */
interface Published {
  /** The prefix of the part's names in a coder. */
  readonly part: "vgg." | "decoder." | "encoder.";
  /** Whether a file's tensor, by its name in the file, is beyond the part. */
  isSpare(name: string, wanted: TensorMap): boolean;
  /** What to do if the file does not fit. */
  readonly advice: string;
}

/**
 * Loads the published encoder of AdaIN, and the decoder if given, into a coder of width 1:
 * `vgg_normalised.pth` and `decoder.pth`, whose layers are numbered, or the same as safetensors.
 * @throws UserError if a file cannot be read or does not fit
 */
export function loadPublished(coder: Coder, encoder: string, decoder?: string): void {
  const advice = (name: string) => `expected AdaIN's ${name}.pth, and style width 1`;
  const isSpare = (name: string) => Number.parseInt(name, 10) >= LAYERS;
  load(coder, encoder, { part: "vgg.", isSpare, advice: advice("vgg_normalised") });
  if (decoder === undefined) return;
  load(coder, decoder, { part: "decoder.", isSpare, advice: advice("decoder") });
}

/**
 * Loads the encoder of a coder of `createMobilenetCoder` from a file with a MobileNetV2 under torchvision's
 * names: an image classifier, or a network for segmentation.
 * @throws UserError if the file cannot be read or does not fit
 */
export function loadMobilenet(coder: Coder, path: string): void {
  load(coder, path, {
    part: "encoder.",
    isSpare: (name, wanted) => !wanted.has(name),
    advice: "expected a MobileNetV2 with torchvision's names",
  });
}

function load({ parameters }: Coder, path: string, { part, isSpare, advice }: Published): void {
  const into = new Map(
    [...parameters.all]
      .filter(([name]) => name.startsWith(part))
      .map(([name, tensor]) => [name.slice(part.length), tensor]),
  );
  const { tensors } = readTensors(path);
  try {
    const used = [...withoutPrefix(tensors, into)].filter(([name]) => !isSpare(name, into));
    loadByName(path, new Map(used), into, advice);
  } finally {
    dispose(tensors);
  }
}
