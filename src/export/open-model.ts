import { readFile } from "node:fs/promises";
import { readImage } from "../datasets/files/images.js";
import { UserError } from "../errors.js";
import { onnxRuntime } from "./onnx-runtime.js";
import type { Pixels } from "./pixels.js";
import { openSegmenter, type Segmentation, type Segmenter } from "./segmenter.js";

/** An exported network in Node, without libtorch or a compiler. */
export interface Model extends Segmenter {
  /** Segments an image file, at the size of the image. */
  predict(path: string): Promise<Segmentation & { readonly image: Pixels }>;
}

/**
 * Opens an ONNX file of `cfcontra export` in ONNX Runtime.
 * @throws UserError if it is missing or not such a file, or onnxruntime-node is not installed
 */
export async function openModel(path: string): Promise<Model> {
  const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    throw new UserError(
      "not-found",
      `cannot read ${path} (${error.code}): expected a file of \`cfcontra export\``,
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
    async predict(file) {
      const seen = await readImage(file, segmenter.info.size);
      const output = seen.original;
      const image = await readImage(file);
      return { ...(await segmenter.segment(seen, { output })), image };
    },
  };
}
