import { rmSync } from "node:fs";
import type { ClassSet } from "../../datasets/dataset.js";
import type { NamedImage } from "../image-files.js";
import type { LabelledImage } from "../labelled-image.js";

/** Writes predictions in one format. */
export interface PredictionWriter {
  /**
   * Takes the labels of one image.
   * @returns the files that were written for it alone, by what they contain
   */
  add(image: NamedImage, labelled: LabelledImage): Promise<Readonly<Record<string, string>>>;
  /**
   * Completes the files that hold all images.
   * @returns their paths
   */
  finish(): Promise<readonly string[]>;
  /** Removes what is incomplete, after an error. */
  discard(): void;
}

/**
 * A format of predictions: writes labels of these classes below the folder `out`.
 * @throws UserError if the format cannot represent the classes
 */
export type PredictionFormat = (out: string, classes: ClassSet) => PredictionWriter;

/** A format that writes files for every image, and none for all of them. */
export function perImage(add: PredictionWriter["add"]): PredictionWriter {
  const written: string[] = [];
  return {
    async add(image, labelled) {
      const files = await add(image, labelled);
      written.push(...Object.values(files));
      return files;
    },
    finish: async () => [],
    discard: () => {
      for (const file of written) rmSync(file, { force: true });
    },
  };
}
