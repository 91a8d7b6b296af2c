import { stat } from "node:fs/promises";
import { setImmediate } from "node:timers/promises";
import { readRegular } from "../regular-file.js";
import { scoreOf } from "../report/image-ranking.js";
import type { ImageConfusion, ImageEntry, ImagePage } from "./api.js";
import { parseObject } from "./follow.js";
import { asNumber, asString } from "./read-file.js";

/** The scores of the images of one set, in the newest evaluation of a run. */
export interface SetScores {
  readonly step: number;
  readonly images: readonly ImageRow[];
  readonly byName: ReadonlyMap<string, ImageRow>;
  readonly confusions: readonly ImageConfusion[] | undefined;
}

interface ImageRow extends Omit<ImageEntry, "before" | "classIou" | "confused"> {
  readonly iou: readonly (number | null)[];
  /** Truth, prediction and share of each confusion, one after the other; undefined in an earlier version's line. */
  readonly confused?: readonly number[];
}

/** By evaluation set. */
export type ImageScores = ReadonlyMap<string, SetScores>;

/** Reads an `images.jsonl`, again if it has changed. */
export interface ImageFile {
  /** The newest evaluation; undefined if the file is missing or holds no scores. */
  read(): Promise<ImageScores | undefined>;
}

/** Bytes of the largest file that is read: twice what a run writes. */
const LARGEST = 64 * 2 ** 20;
/** Confusions read of an image, and confusions listed of a set. */
const MOST_CONFUSED = 20;
const MOST_LISTED = 16;
const MOST_CLASSES = 1000;
/** Lines parsed before the event loop turns. */
const SLICE = 4000;

export function openImageFile(path: string): ImageFile {
  let stamp = "";
  let scores: Promise<ImageScores | undefined> = Promise.resolve(undefined);
  return {
    async read() {
      const { size, mtimeMs, ino } = await stat(path).catch(() => ({
        size: 0,
        mtimeMs: 0,
        ino: 0,
      }));
      const now = `${ino}:${size}:${mtimeMs}`;
      if (now !== stamp) scores = newestScores(path);
      stamp = now;
      return scores;
    },
  };
}

async function newestScores(path: string): Promise<ImageScores | undefined> {
  const content = await readRegular(path, LARGEST);
  if (!content) return undefined;
  const sets = new Map<string, OpenSet>();
  let step: number | undefined;
  let parsed = 0;
  // From the end, until an earlier evaluation begins.
  for (let end = content.length; end > 0; ) {
    const begin = end > 1 ? content.lastIndexOf(10, end - 2) + 1 : 0; // a negative start counts from the end
    const entry = parseObject(content.toString("utf8", begin, end));
    end = begin;
    if (++parsed % SLICE === 0) await setImmediate();
    const [at, set] = [asNumber(entry?.step), asString(entry?.set)];
    const row = entry && rowOf(entry);
    if (at === undefined || set === undefined || !row) continue;
    step ??= at;
    if (at !== step) break;
    const own: OpenSet = sets.get(set) ?? { begin, images: [], byName: new Map() };
    sets.set(set, own);
    own.begin = begin;
    if (own.byName.has(row.name)) continue;
    own.byName.set(row.name, row);
    own.images.push(row);
  }
  if (step === undefined) return undefined;
  const newest = step;
  return new Map(
    [...sets]
      .sort(([, a], [, b]) => a.begin - b.begin)
      .map(([set, { images, byName }]) => [
        set,
        { step: newest, images: images.reverse(), byName, confusions: confusionsOf(images) },
      ]),
  );
}

interface OpenSet {
  /** Offset of its first line so far. */
  begin: number;
  readonly images: ImageRow[];
  readonly byName: Map<string, ImageRow>;
}

function rowOf(entry: Record<string, unknown>): ImageRow | undefined {
  const name = asString(entry.name);
  if (name === undefined || !Array.isArray(entry.iou)) return undefined;
  const iou = entry.iou.map((value) => asNumber(value) ?? null);
  return {
    ...{ name, iou, score: scoreOf(iou) },
    accuracy: asNumber(entry.accuracy) ?? null,
    entropy: asNumber(entry.entropy) ?? null,
    calibration: asNumber(entry.calibration) ?? null,
    ...(Array.isArray(entry.confused) && { confused: confusionsIn(entry.confused) }),
  };
}

function confusionsIn(entries: readonly unknown[]): number[] {
  const found: number[] = [];
  for (const entry of entries) {
    if (found.length >= 3 * MOST_CONFUSED) break;
    if (!Array.isArray(entry)) continue;
    const [truth, predicted, share]: unknown[] = entry;
    if (isClass(truth) && isClass(predicted) && asNumber(share) !== undefined) {
      found.push(truth, predicted, share as number);
    }
  }
  return found;
}

const isClass = (value: unknown): value is number =>
  Number.isInteger(value) && (value as number) >= 0 && (value as number) < MOST_CLASSES;

/** The share of an image's labelled pixels with a confusion; 0 if it is not among the image's largest. */
function shareOf({ confused = [] }: ImageRow, { truth, predicted }: Confusion): number {
  for (let i = 0; i < confused.length; i += 3) {
    if (confused[i] === truth && confused[i + 1] === predicted) return confused[i + 2] as number;
  }
  return 0;
}

/** The confusions with the largest shares over all images; undefined if no image has any in its line. */
function confusionsOf(images: readonly ImageRow[]): ImageConfusion[] | undefined {
  const sums = new Map<number, number>();
  let known = false;
  for (const { confused } of images) {
    if (!confused) continue;
    known = true;
    for (let i = 0; i < confused.length; i += 3) {
      const key = (confused[i] as number) * MOST_CLASSES + (confused[i + 1] as number);
      sums.set(key, (sums.get(key) ?? 0) + (confused[i + 2] as number) / images.length);
    }
  }
  if (!known) return undefined;
  return [...sums]
    .sort(([, a], [, b]) => b - a)
    .slice(0, MOST_LISTED)
    .map(([key, share]) => ({
      truth: Math.floor(key / MOST_CLASSES),
      predicted: key % MOST_CLASSES,
      share,
    }));
}

/** How images are ordered: as in the set, by their score, by the difference to the baseline, by one class, or by one confusion. */
export type ImageOrder = "set" | "worst" | "gain" | "loss" | "class" | "confusion";

/** Two classes: pixels of the first that are predicted as the second. */
type Confusion = Pick<ImageConfusion, "truth" | "predicted">;

export interface ImageQuery {
  readonly set?: string | undefined;
  readonly order: ImageOrder;
  /** The class of the order "class"; the true class of the order "confusion". */
  readonly classIndex?: number | undefined;
  /** The predicted class of the order "confusion". */
  readonly predicted?: number | undefined;
  /** Only these images. */
  readonly names?: readonly string[] | undefined;
  readonly count: number;
}

/** The first images of an order, and how many the run made better and worse. */
export function imagePage(
  scores: ImageScores,
  baseline: ImageScores | undefined,
  { set: asked, order, classIndex = 0, predicted = 0, names, count }: ImageQuery,
): ImagePage | undefined {
  const sets = [...scores.keys()];
  const set = sets.find((one) => one === asked) ?? sets[0];
  const own = set === undefined ? undefined : scores.get(set);
  if (set === undefined || !own) return undefined;
  const before = baseline?.get(set)?.byName;
  const tally = { compared: 0, better: 0, worse: 0 };
  const gains = new Map<ImageRow, number>();
  for (const image of own.images) {
    const old = before?.get(image.name)?.score ?? null;
    if (image.score === null || old === null) continue;
    gains.set(image, image.score - old);
    tally.compared++;
    if (image.score > old) tally.better++;
    if (image.score < old) tally.worse++;
  }
  const confusion = { truth: classIndex, predicted };
  const chosen = names ? names.flatMap((name) => own.byName.get(name) ?? []) : own.images;
  /** Lowest first; images without a value are left out. */
  const value = (image: ImageRow): number | null => {
    if (order === "worst") return image.score;
    if (order === "class") return image.iou[classIndex] ?? null;
    if (order === "confusion") return -shareOf(image, confusion) || null;
    const gain = gains.get(image) ?? null;
    return gain === null || order === "loss" ? gain : -gain;
  };
  const sorted =
    order === "set"
      ? chosen
      : chosen
          .flatMap((image) => {
            const key = value(image);
            return key === null ? [] : [{ image, key }];
          })
          .sort((a, b) => a.key - b.key)
          .map(({ image }) => image);
  return {
    ...{ set, sets, step: own.step, images: own.images.length, ...tally, sorted: sorted.length },
    ...(own.confusions ? { confusions: own.confusions } : {}),
    entries: sorted.slice(0, count).map((image): ImageEntry => {
      const { name, score, accuracy, entropy, calibration, iou } = image;
      const old = before?.get(name)?.score ?? null;
      return {
        ...{ name, score, accuracy, entropy, calibration },
        ...(old === null ? {} : { before: old }),
        ...(order === "class" ? { classIou: iou[classIndex] ?? null } : {}),
        ...(order === "confusion" ? { confused: shareOf(image, confusion) } : {}),
      };
    }),
  };
}
