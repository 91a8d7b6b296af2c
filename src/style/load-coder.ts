import { loadByName, withoutPrefix } from "../nn/index.js";
import { dispose, readTensors } from "../torch/index.js";
import type { Coder } from "./coder.js";

/** The encoder's file continues to relu5_4; relu4_1 is its 31st layer. */
const LAYERS = 31;

/**
 * Loads the published encoder of AdaIN, and the decoder if given, into a coder of width 1:
 * `vgg_normalised.pth` and `decoder.pth`, whose layers are numbered, or the same as safetensors.
 * @throws UserError if a file cannot be read or does not fit
 */
export function loadPublished({ parameters }: Coder, encoder: string, decoder?: string): void {
  load(encoder, "vgg.");
  if (decoder !== undefined) load(decoder, "decoder.");

  function load(path: string, part: string): void {
    const into = new Map(
      [...parameters.all]
        .filter(([name]) => name.startsWith(part))
        .map(([name, tensor]) => [name.slice(part.length), tensor]),
    );
    const { tensors } = readTensors(path);
    try {
      const used = [...withoutPrefix(tensors, into)].filter(
        ([name]) => !(Number.parseInt(name, 10) >= LAYERS),
      );
      loadByName(
        path,
        new Map(used),
        into,
        `expected AdaIN's ${part === "vgg." ? "vgg_normalised" : "decoder"}.pth, and style width 1`,
      );
    } finally {
      dispose(tensors);
    }
  }
}
