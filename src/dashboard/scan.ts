import type { Score } from "./api.js";
import { type Follower, follow, parseObject } from "./follow.js";

/** What the list shows of a metrics.jsonl, found without parsing every line of it. */
export interface Scan extends Follower {
  readonly step: number;
  readonly loss: number | undefined;
  /** mIoU by evaluation set, in order. */
  readonly scores: ReadonlyMap<string, readonly Score[]>;
  /** The source loss at evenly spread places. */
  readonly losses: readonly number[];
}

const SCORE = '"miou/';
const LOSS = "source/main";
const MOST_LOSSES = 96;

export function scan(path: string): Scan {
  let scores = new Map<string, Score[]>();
  let losses: number[] = [];
  let step = 0;
  let loss: number | undefined;
  let stride = 1; // bytes from one kept loss to the next
  let due = 0;

  function addScores(line: string): void {
    const entry = parseObject(line);
    if (typeof entry?.step !== "number") return;
    const at = entry.step;
    for (const [key, value] of Object.entries(entry)) {
      if (!key.startsWith("miou/") || typeof value !== "number") continue;
      const set = key.slice("miou/".length);
      const before = (scores.get(set) ?? []).filter((score) => score.step < at);
      scores.set(set, [...before, { step: at, value }]);
    }
  }

  function addLoss(value: unknown, offset: number): void {
    if (typeof value !== "number") return;
    losses.push(value);
    if (losses.length > MOST_LOSSES) {
      losses = losses.filter((_, i) => i % 2 === 0);
      stride = Math.max(stride * 2, Math.ceil(offset / losses.length));
    }
    due = offset + stride;
  }

  const follower = follow(
    path,
    (piece, offset) => {
      const lineAt = (at: number) => {
        const end = piece.indexOf(10, at);
        return piece.toString("utf8", at === 0 ? 0 : piece.lastIndexOf(10, at - 1) + 1, end);
      };
      for (let at = piece.indexOf(SCORE); at >= 0; at = piece.indexOf(SCORE, at)) {
        addScores(lineAt(at));
        at = piece.indexOf(10, at);
        if (at < 0) break;
      }
      while (due < offset + piece.length) {
        const before = due;
        addLoss(parseObject(lineAt(Math.max(0, due - offset)))?.[LOSS], due);
        if (due === before) due += Math.max(stride, 200);
      }
      // The last lines tell where the run is: a line of losses, maybe an evaluation behind it.
      const tail = piece.toString("utf8", Math.max(0, piece.length - 16384)).split("\n");
      const entries = tail.slice(-6).map(parseObject);
      for (const entry of entries) {
        if (typeof entry?.step === "number") step = entry.step;
        if (typeof entry?.[LOSS] === "number") loss = entry[LOSS];
      }
    },
    () => {
      scores = new Map();
      losses = [];
      stride = 1;
      due = 0;
      step = 0;
      loss = undefined;
    },
  );
  return {
    refresh: follower.refresh,
    get step() {
      return step;
    },
    get loss() {
      return loss;
    },
    get scores() {
      return scores;
    },
    get losses() {
      return losses;
    },
  };
}
