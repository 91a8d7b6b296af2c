// Scores of single images, and how a run changed them. Loads nothing, so that pages use it, too.

import type { Confused } from "../evaluate/index.js";

/** A line of `images.jsonl`. */
export interface ImageLine {
  readonly step: number;
  readonly set: string;
  readonly name: string;
  /** By class; null for a class that none of the image's labels has. */
  readonly iou: readonly (number | null)[];
  readonly accuracy: number | null;
  readonly entropy: number | null;
  readonly calibration: number | null;
  /** The largest confusions; missing in lines of earlier versions. */
  readonly confused?: readonly Confused[];
}

/** An image's mIoU: the mean IoU of the classes that its labels have; null without labelled pixels. */
export function scoreOf(iou: readonly (number | null)[]): number | null {
  let [sum, count] = [0, 0];
  for (const value of iou) {
    if (typeof value !== "number") continue;
    sum += value;
    count++;
  }
  return count > 0 ? sum / count : null;
}

/** Images kept of each kind. */
export const MOST_KEPT = 12;

/** Why an image is kept. */
export type Extreme = "worst" | "gain" | "loss";

/** The images with the lowest score, the most gain and the most loss, found while they are measured. */
export interface ExtremeImages {
  /** @param score NaN for an image without labelled pixels. @param before the baseline's score of the image */
  add(index: number, score: number, before: number | undefined): void;
  has(index: number): boolean;
  /** Indices, the most extreme first. */
  list(kind: Extreme): number[];
  /** The indices of all kinds, each once. */
  all(): number[];
}

export function extremeImages(most = MOST_KEPT): ExtremeImages {
  const lists: Record<Extreme, Ranked[]> = { worst: [], gain: [], loss: [] };
  const add = (list: Ranked[], entry: Ranked) => {
    const at = list.findIndex((one) => compare(entry, one) < 0);
    list.splice(at < 0 ? list.length : at, 0, entry);
    if (list.length > most) list.pop();
  };
  return {
    add(index, score, before) {
      if (Number.isNaN(score)) return;
      add(lists.worst, { index, value: score });
      if (before === undefined || before === score) return;
      if (score > before) add(lists.gain, { index, value: before - score });
      else add(lists.loss, { index, value: score - before });
    },
    has: (index) => Object.values(lists).some((list) => list.some((one) => one.index === index)),
    list: (kind) => lists[kind].map(({ index }) => index),
    all: () => [...new Set(Object.values(lists).flatMap((list) => list.map(({ index }) => index)))],
  };
}

interface Ranked {
  readonly index: number;
  readonly value: number;
}

const compare = (a: Ranked, b: Ranked): number => a.value - b.value || a.index - b.index;

/** How many of the images that both have got better, and how many worse; scores by name. */
export function betterAndWorse(
  own: ReadonlyMap<string, number>,
  before: ReadonlyMap<string, number>,
): { readonly images: number; readonly better: number; readonly worse: number } {
  const count = { images: 0, better: 0, worse: 0 };
  for (const [name, score] of own) {
    const old = before.get(name);
    if (old === undefined) continue;
    count.images++;
    if (score > old) count.better++;
    if (score < old) count.worse++;
  }
  return count;
}
