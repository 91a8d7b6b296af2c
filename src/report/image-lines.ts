import { appendFileSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { writing } from "../errors.js";
import type { ImageScores } from "../evaluate/index.js";
import { isFile } from "../regular-file.js";
import { writeAtomically } from "../write-atomically.js";
import { type ImageLine, scoreOf } from "./image-ranking.js";

export const IMAGES = "images.jsonl";
/** The largest `images.jsonl`, in bytes: about 100,000 images of 19 classes. */
export const LARGEST_IMAGES = 32 * 2 ** 20;

/** Image scores by evaluation set. */
export type SetsOfImages = Readonly<Record<string, readonly ImageScores[]>>;

/**
 * Appends the scores of an evaluation to `images.jsonl`. If the file would become larger than `largest` bytes,
 * the earliest evaluations are removed; of an evaluation that is larger by itself, evenly spread images stay.
 */
export function appendImageScores(
  run: string,
  step: number,
  sets: SetsOfImages,
  largest = LARGEST_IMAGES,
): void {
  const path = join(run, IMAGES);
  const added = thinned(linesOf(step, sets), largest);
  const bytes = sizeOf(added);
  if ((statSync(path, { throwIfNoEntry: false })?.size ?? 0) + bytes <= largest) {
    writing(path, () => appendFileSync(path, added.join("")));
    return;
  }
  writeAtomically(path, [...newest(textLines(path), largest - bytes), ...added].join(""));
}

/** Replaces the scores of the same step and sets in `images.jsonl`; others stay, in the order of their steps. */
export function replaceImageScores(run: string, step: number, sets: SetsOfImages): void {
  const path = join(run, IMAGES);
  const others = textLines(path).filter((one) => {
    if (one.step !== step) return true;
    const line = parseImageLine(one.text);
    return line !== undefined && !Object.hasOwn(sets, line.set);
  });
  const added = thinned(linesOf(step, sets), LARGEST_IMAGES);
  const room = LARGEST_IMAGES - sizeOf(added);
  const later = others.filter((one) => one.step > step).map(({ text }) => text);
  const earlier = others.filter((one) => one.step <= step);
  writeAtomically(path, [...newest(earlier, room - sizeOf(later)), ...added, ...later].join(""));
}

/** The mean IoU of each image of a set, by name, in the newest evaluation of a run that has the set. */
export function readImageMious(run: string, set: string): Map<string, number> | undefined {
  const found = new Map<string, number>();
  let newest: number | undefined;
  for (const { text, step } of textLines(join(run, IMAGES)).reverse()) {
    if (newest !== undefined && step < newest) break;
    const line = parseImageLine(text);
    if (line?.set !== set || (newest !== undefined && step !== newest)) continue;
    newest = step;
    const score = scoreOf(line.iou);
    if (score !== null && !found.has(line.name)) found.set(line.name, score);
  }
  return newest === undefined ? undefined : new Map([...found].reverse());
}

interface TextLine {
  /** With its end. */
  readonly text: string;
  readonly step: number;
}

/** Every line begins with its step, so that most need not be parsed. */
const STEP = /^\{"step":(\d+),/;

/** The lines of a file that begin with a step. */
function textLines(path: string): TextLine[] {
  if (!isFile(path) || statSync(path).size > 2 * LARGEST_IMAGES) return [];
  return readFileSync(path, "utf8")
    .split("\n")
    .flatMap((text) => {
      const step = STEP.exec(text)?.[1];
      return step === undefined ? [] : [{ text: `${text}\n`, step: Number(step) }];
    });
}

/** A line of `images.jsonl`; undefined if it is torn or holds anything else. */
export function parseImageLine(text: string): ImageLine | undefined {
  if (text === "") return undefined;
  try {
    const line = JSON.parse(text) as ImageLine;
    const whole =
      typeof line.step === "number" &&
      typeof line.set === "string" &&
      typeof line.name === "string" &&
      Array.isArray(line.iou);
    return whole ? line : undefined;
  } catch {
    return undefined;
  }
}

const linesOf = (step: number, sets: SetsOfImages): string[] =>
  Object.entries(sets).flatMap(([set, images]) =>
    images.map(
      ({ name, iou, accuracy, entropy, calibration, confused }) =>
        `${JSON.stringify({
          ...{ step, set, name, iou: iou.map(rounded) },
          ...{ accuracy: rounded(accuracy), entropy: rounded(entropy) },
          calibration: rounded(calibration),
          confused: confused.map(([truth, predicted, share]) => [truth, predicted, rounded(share)]),
        })}\n`,
    ),
  );

const rounded = (value: number | null) => (value === null ? null : Math.round(value * 1e4) / 1e4);

const sizeOf = (lines: readonly string[]) =>
  lines.reduce((sum, line) => sum + Buffer.byteLength(line), 0);

/** Evenly spread lines of at most `largest` bytes. */
function thinned(lines: string[], largest: number): string[] {
  let stride = Math.max(1, Math.ceil(sizeOf(lines) / largest));
  for (;;) {
    const kept = stride === 1 ? lines : lines.filter((_, i) => i % stride === 0);
    if (sizeOf(kept) <= largest || kept.length === 0) return kept;
    if (kept.length === 1) return [];
    stride++;
  }
}

/** The lines of the latest evaluations that fit into `room` bytes; an evaluation stays whole or goes. */
function newest(lines: readonly TextLine[], room: number): string[] {
  const sizes = new Map<number, number>();
  for (const { step, text } of lines) {
    sizes.set(step, (sizes.get(step) ?? 0) + Buffer.byteLength(text));
  }
  let left = room;
  const kept = new Set<number>();
  for (const step of [...sizes.keys()].sort((a, b) => b - a)) {
    left -= sizes.get(step) as number;
    if (left < 0) break;
    kept.add(step);
  }
  return lines.filter(({ step }) => kept.has(step)).map(({ text }) => text);
}
