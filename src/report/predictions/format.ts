import { rmSync } from "node:fs";
import { join } from "node:path";
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

/** A format of predictions. */
export interface PredictionFormat {
  /** The files that it writes for images of these names, relative to its folder. */
  files(names: readonly string[]): readonly string[];
  /**
   * A writer of labels of these classes below the folder `out`.
   * @throws UserError if the format cannot represent the classes
   */
  writer(out: string, classes: ClassSet): PredictionWriter;
}

/** Writes the labels of one image `to` its files. */
type WriteImage<Part extends string> = (
  labelled: LabelledImage,
  to: Readonly<Record<Part, string>>,
  image: NamedImage,
) => Promise<void>;

/**
 * A format that writes files for every image, and none for all of them.
 * @param endings of the files' names, by what they contain
 */
export function perImage<Part extends string>(
  endings: Readonly<Record<Part, string>>,
  writing: (classes: ClassSet) => WriteImage<Part>,
): PredictionFormat {
  const parts = Object.entries(endings) as [Part, string][];
  return {
    files: (names) => names.flatMap((name) => parts.map(([, ending]) => name + ending)),
    writer(out, classes) {
      const write = writing(classes);
      const written: string[] = [];
      return {
        async add(image, labelled) {
          const paths = parts.map(([part, ending]) => [part, join(out, image.name + ending)]);
          const to = Object.fromEntries(paths) as Record<Part, string>;
          written.push(...Object.values<string>(to));
          await write(labelled, to, image);
          return to;
        },
        finish: async () => [],
        discard: () => {
          for (const file of written) rmSync(file, { force: true });
        },
      };
    },
  };
}
