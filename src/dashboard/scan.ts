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
const LOSS_KEY = `"${LOSS}":`;
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

  /** Keeps the first loss at `due` or later, found by its key rather than by parsing its line. */
  function addLosses(piece: Buffer, offset: number): void {
    while (due < offset + piece.length) {
      const key = piece.indexOf(LOSS_KEY, Math.max(0, due - offset));
      if (key < 0) return;
      const begin = key + LOSS_KEY.length;
      const value = Number.parseFloat(piece.toString("latin1", begin, begin + 32));
      due = offset + begin + stride;
      if (!Number.isFinite(value)) continue;
      losses.push(value);
      if (losses.length <= MOST_LOSSES) continue;
      losses = losses.filter((_, i) => i % 2 === 0);
      stride = Math.max(stride * 2, Math.ceil(due / losses.length));
    }
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
      addLosses(piece, offset);
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
