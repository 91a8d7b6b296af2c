import { join } from "node:path";
import { UserError } from "../../errors.js";
import { isFile } from "../../regular-file.js";
import { spread } from "../check.js";
import type { Dataset, RawLabel } from "../dataset.js";
import type { LabelMap } from "../files/label-maps.js";
import { readLabel } from "../files/labels.js";
import { readText } from "../tools/read-json.js";

/** A value in label files. */
export interface LabelValue {
  readonly value: number;
  /** Share of the pixels, 0..1. */
  readonly share: number;
  /** Files that contain it. */
  readonly images: number;
  /** Index of the sample in which it has the most pixels. */
  readonly example: number;
}

/** The values in some of the label files of a data set. */
export interface LabelValues {
  readonly key: LabelMap["key"];
  /** In ascending order. */
  readonly values: readonly LabelValue[];
  /** Files that were read. */
  readonly files: number;
}

/** More values than this are not classes. */
const MOST_VALUES = 255;

/**
 * Counts the values of up to `limit` label files, spread over the set: ids, or colours if a file contains
 * colours.
 * @throws UserError for files that are not labels
 */
export async function labelValues(dataset: Dataset, limit: number): Promise<LabelValues> {
  const indices = spread(dataset.names.length, limit);
  try {
    return await count(dataset, indices, "id");
  } catch (error) {
    if (!(error instanceof UserError) || error.code !== "label-value") throw error;
    return count(dataset, indices, "color");
  }
}

async function count(
  dataset: Dataset,
  indices: readonly number[],
  key: LabelMap["key"],
): Promise<LabelValues> {
  const pixels = new Map<number, number>();
  const images = new Map<number, number>();
  const examples = new Map<number, { readonly index: number; readonly pixels: number }>();
  let total = 0;
  for (const index of indices) {
    const path = dataset.files?.of(index).label as string;
    const own = countOf(await readLabel(path, key));
    for (const [value, number] of own) {
      pixels.set(value, (pixels.get(value) ?? 0) + number);
      images.set(value, (images.get(value) ?? 0) + 1);
      if (number > (examples.get(value)?.pixels ?? 0))
        examples.set(value, { index, pixels: number });
      total += number;
    }
    if (pixels.size <= MOST_VALUES) continue;
    throw new UserError(
      "unsupported-file",
      `${path}: it contains ${own.size} different ${key === "id" ? "values" : "colours"}, too many for ` +
        "classes: is it a photo, or smoothed by a resize? Export labels without interpolation.",
    );
  }
  const values = [...pixels.keys()]
    .sort((a, b) => a - b)
    .map((value) => ({
      value,
      share: (pixels.get(value) as number) / total,
      images: images.get(value) as number,
      example: examples.get(value)?.index as number,
    }));
  return { key, values, files: indices.length };
}

function countOf({ values }: RawLabel): Map<number, number> {
  const counts = new Map<number, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return counts;
}

/** Lists of class names, one per line, that people put beside their labels. */
const LISTS = ["classes.txt", "labels.txt", "class_names.txt", "names.txt"];

/** The class names of a file in the root of a plain pair of folders, by value. */
export async function classNamesIn(
  root: string,
  key: LabelMap["key"],
): Promise<ReadonlyMap<number, string>> {
  const names = new Map<number, string>();
  if (key === "color") {
    const path = join(root, "labelmap.txt");
    if (!isFile(path)) return names;
    for (const [, name = "", ...rgb] of (await readText(path)).matchAll(
      /^([^#\n][^\n]*?):\s*(\d+)\s*,\s*(\d+)\s*,\s*(\d+)/gm,
    )) {
      const [r = 0, g = 0, b = 0] = rgb.map(Number);
      names.set((r << 16) | (g << 8) | b, name);
    }
    return names;
  }
  const path = LISTS.map((name) => join(root, name)).find(isFile);
  if (path === undefined) return names;
  const written = (await readText(path)).split(/\r?\n/).map((line) => line.trim());
  const lines = written[0] === "__ignore__" ? written.slice(1) : written; // LabelMe numbers it -1
  for (const [value, name] of lines.entries()) if (name !== "") names.set(value, name);
  return names;
}
