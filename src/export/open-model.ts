import { readFile } from "node:fs/promises";
import type { Size } from "../datasets/dataset.js";
import { readImage, resizedRgb } from "../datasets/files/images.js";
import { UserError } from "../errors.js";
import { missingPath } from "../missing-path.js";
import { onnxRuntime } from "./onnx-runtime.js";
import type { Pixels } from "./pixels.js";
import { openSegmenter, type Segmentation, type Segmenter } from "./segmenter.js";

/** An exported network in Node, without libtorch or a compiler. */
export interface Model extends Segmenter {
  /**
   * Segments an image, of a file or RGB in memory, at the size of the image.
   * @param options.tile predicts in overlapping tiles of this size, in pixels of `info.size`
   */
  predict(
    image: string | Pixels,
    options?: { readonly tile?: Size | undefined },
  ): Promise<Segmentation & { readonly image: Pixels }>;
}

/**
 * Opens an ONNX file of `cfcontra export` in ONNX Runtime.
 * @throws UserError if it is missing or not such a file, or onnxruntime-node is not installed
 */
export async function openModel(path: string): Promise<Model> {
  const expected = "a file of `cfcontra export`";
  const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") throw missingPath(path, expected);
    throw new UserError(
      "not-readable",
      `cannot read ${path} (${error.code}): expected ${expected}`,
      { cause: error },
    );
  });
  const segmenter = await openSegmenter(await onnxRuntime(), bytes).catch((error: Error) => {
    throw new UserError("unsupported-file", `${path}: ${error.message.split("\n")[0]}`, {
      cause: error,
    });
  });
  return {
    ...segmenter,
    async predict(given, { tile } = {}) {
      const { size } = segmenter.info;
      if (typeof given !== "string") {
        const data = await resizedRgb(given.data as Uint8Array, given, size);
        const segmentation = await segmenter.segment({ ...size, data }, { output: given, tile });
        return { ...segmentation, image: given };
      }
      const seen = await readImage(given, size);
      const output = seen.original;
      const image = await readImage(given);
      return { ...(await segmenter.segment(seen, { output, tile })), image };
    },
  };
}
