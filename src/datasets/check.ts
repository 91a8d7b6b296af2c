import { setImmediate as turnOfEventLoop } from "node:timers/promises";
import { UserError } from "../errors.js";
import { printable } from "../printable.js";
import { type Dataset, IGNORE, type Sample, type Size } from "./dataset.js";
import { mistakenCoding } from "./files/mistaken-coding.js";

export interface CheckOptions {
  /** Read this many samples, spread evenly over the set; all by default. */
  readonly limit?: number | undefined;
  /** Samples to read ahead of the one being counted. */
  readonly ahead?: number | undefined;
  /** Called after each sample, readable or not. */
  readonly onSample?: ((done: number, total: number) => void) | undefined;
}

/** How often a class occurs. */
export interface ClassCount {
  /** Share of all pixels, 0..1. The shares of all classes and `ignored` add up to 1. */
  readonly share: number;
  /** Images in which it occurs. */
  readonly images: number;
}

/** The result of reading a data set. Labels are counted at the size of their files. */
export interface DatasetReport {
  readonly name: string;
  /** Samples in the set. */
  readonly images: number;
  /** Samples that were read. */
  readonly checked: number;
  readonly labelled: boolean;
  /** Sizes of the readable images, the most frequent first. */
  readonly sizes: readonly { readonly size: Size; readonly images: number }[];
  /** By train id; empty for an unlabelled set. */
  readonly classes: readonly ClassCount[];
  /** Share of all pixels that losses and metrics ignore, 0..1. */
  readonly ignored: number;
  /** One sentence per problem. */
  readonly problems: readonly string[];
}

/**
 * Reads the samples of a data set at the size of their files, and counts pixels and images by class.
 * A sample that cannot be used adds a sentence to `problems`; the next one is read.
 */
export async function checkDataset(
  dataset: Dataset,
  { limit = dataset.names.length, ahead = 4, onSample }: CheckOptions = {},
): Promise<DatasetReport> {
  const { classes, labelled } = dataset;
  const indices = spread(dataset.names.length, limit);
  const pixels = new Float64Array(256); // by train id
  const images = new Float64Array(256);
  const sizes = new Map<string, { size: Size; images: number }>();
  const problems: string[] = [];
  let done = 0;
  for await (const sample of readable(dataset, indices, ahead)) {
    if (sample instanceof UserError) problems.push(sample.message);
    else {
      const { width, height, label } = sample;
      const known = sizes.get(`${width}x${height}`);
      if (known) known.images++;
      else sizes.set(`${width}x${height}`, { size: { width, height }, images: 1 });
      if (label) {
        const fault = countLabel(label, classes.names.length, pixels, images);
        if (fault) problems.push(printable(`${sample.name}: ${fault}`));
      }
    }
    done++;
    onSample?.(done, indices.length);
  }
  const mistake = await mistakenCoding(dataset);
  if (mistake) problems.unshift(mistake);
  const counted = pixels.reduce((sum, count) => sum + count, 0);
  const ignored = counted === 0 ? 0 : (pixels[IGNORE] as number) / counted;
  if (labelled && counted > 0 && ignored === 1 && !mistake) {
    problems.push(
      `${dataset.name}: every label value is ignored, no pixel has a class ` +
        `(${classes.names.join(", ")}): check \`mapping\`, and that these are the label-id files.`,
    );
  }
  if (dataset.labelFiles?.coding === "class numbers" && isMask(pixels)) {
    const [black, white = "white"] = classes.names;
    problems.push(
      `${dataset.name}: the labels contain only 0 and 255, and 255 is ignored: if they are masks and ` +
        `white is a class, set \`mapping: { 0: ${black}, 255: ${white} }\`.`,
    );
  }
  return {
    name: dataset.name,
    images: dataset.names.length,
    checked: indices.length,
    labelled,
    sizes: [...sizes.values()].sort((a, b) => b.images - a.images),
    classes: (labelled ? classes.names : []).map((_, trainId) => ({
      share: counted === 0 ? 0 : (pixels[trainId] as number) / counted,
      images: images[trainId] as number,
    })),
    ignored,
    problems,
  };
}

/** Whether 0 and IGNORE occur, and no other value. */
const isMask = (pixels: Float64Array): boolean =>
  pixels.every((count, trainId) => (trainId === 0 || trainId === IGNORE) === count > 0);

/** `count` of the indices 0..length-1, evenly spread; all of them if there are fewer. */
export function spread(length: number, count: number): number[] {
  const kept = Math.min(length, count);
  return Array.from({ length: kept }, (_, i) => Math.floor((i * length) / kept));
}

/** The samples at these indices, or the error of one that cannot be used, reading a few ahead. */
async function* readable(
  dataset: Dataset,
  indices: readonly number[],
  ahead: number,
): AsyncGenerator<Sample | UserError, void, undefined> {
  const queue: Promise<Sample | UserError>[] = [];
  const read = (index: number) =>
    dataset.load(index).catch((error: unknown) => {
      if (error instanceof UserError) return error;
      throw error; // a fault of the program, not of the data
    });
  for (let next = 0; next < indices.length || queue.length > 0; ) {
    while (next < indices.length && queue.length <= ahead) {
      const ready = read(indices[next++] as number);
      ready.catch(() => {}); // awaited below
      queue.push(ready);
    }
    await turnOfEventLoop();
    yield (await queue.shift()) as Sample | UserError;
  }
}

/** Adds a label's pixels to the counts by train id. Returns a sentence if one is not a class. */
function countLabel(
  label: Uint8Array,
  classes: number,
  pixels: Float64Array,
  images: Float64Array,
): string | undefined {
  const own = new Uint32Array(256);
  for (let pixel = 0; pixel < label.length; pixel++) {
    const trainId = label[pixel] as number;
    own[trainId] = (own[trainId] as number) + 1;
  }
  let beyond: number | undefined;
  for (const [trainId, count] of own.entries()) {
    if (count === 0) continue;
    pixels[trainId] = (pixels[trainId] as number) + count;
    images[trainId] = (images[trainId] as number) + 1;
    if (trainId >= classes && trainId !== IGNORE) beyond ??= trainId;
  }
  if (beyond === undefined) return undefined;
  return `the label contains train id ${beyond}, but there are ${classes} classes; check its map.`;
}
