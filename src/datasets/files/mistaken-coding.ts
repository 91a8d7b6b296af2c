import { UserError } from "../../errors.js";
import { type Dataset, IGNORE, type LabelCoding, type RawLabel } from "../dataset.js";

const LOOKED_AT = 16;

/** The values and depths of some label files. */
interface Contents {
  readonly values: ReadonlySet<number>;
  readonly depths: ReadonlySet<number>;
}

/** Recognises usual mistakes with each coding. Returns a sentence if it finds one. */
const mistakes: Readonly<Record<LabelCoding, (found: Contents) => string | undefined>> = {
  "cityscapes ids": ({ values }) =>
    // Without vegetation (21), sky (23) and cars (26), and with the "ignore" that label ids lack.
    values.has(IGNORE) && [...values].every((value) => value <= 18 || value === IGNORE)
      ? "the labels contain only 0..18 and 255, which are train ids, but label ids (road 7, car 26, " +
        "...) are expected: use the label-id files, or read them with " +
        "`type: folder` and `classes: cityscapes`"
      : undefined,
  "train ids": ({ values }) =>
    [...values].some((value) => value >= 19 && value <= 33)
      ? "the labels contain values from 19 to 33, which are label ids (car 26, ...), but train ids " +
        "(0..18, 255) are expected: use the files of train ids"
      : undefined,
  "synthia ids": ({ depths }) =>
    depths.has(8)
      ? "the labels are 8-bit PNGs, but SYNTHIA's have 16-bit channels with the class in the first: " +
        "they are converted, or its colours: unpack GT/LABELS again"
      : undefined,
  "class numbers": () => undefined, // checkDataset knows all labels
};

/**
 * Reads a few label files of a data set, and returns a sentence if their values do not fit its published
 * coding.
 */
export async function mistakenCoding(dataset: Dataset): Promise<string | undefined> {
  const { labelFiles, name, names } = dataset;
  if (!labelFiles) return undefined;
  const values = new Set<number>();
  const depths = new Set<number>();
  const step = Math.max(1, Math.floor(names.length / LOOKED_AT));
  for (let index = 0; index < names.length; index += step) {
    const label = await readable(labelFiles, index);
    for (const value of label?.values ?? []) values.add(value);
    if (label) depths.add(label.depth);
  }
  const mistake = mistakes[labelFiles.coding]({ values, depths });
  return mistake && `${name}: ${mistake}.`;
}

/** The label, or undefined if it cannot be read: the error is reported with its sample. */
async function readable(
  files: NonNullable<Dataset["labelFiles"]>,
  index: number,
): Promise<RawLabel | undefined> {
  return files.read(index).catch((error: unknown) => {
    if (error instanceof UserError) return undefined;
    throw error;
  });
}
