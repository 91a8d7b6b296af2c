import type { Score } from "./api.js";
import { type Follower, follow, parseObject } from "./follow.js";
import { asNumber } from "./read-file.js";

/** What the list of runs shows of a metrics.jsonl, found without parsing every line. */
export interface Scan extends Follower {
  readonly step: number;
  readonly loss: number | undefined;
  /** Mean over the newest lines. */
  readonly secondsPerStep: number | undefined;
  /** mIoU by evaluation set, by rising step. */
  readonly scores: ReadonlyMap<string, readonly Score[]>;
  /** The source loss, at evenly spread places. */
  readonly losses: readonly number[];
}

const SCORE = '"miou/';
const LOSS = "source/main";
const LOSS_KEY = `"${LOSS}":`;
const MOST_LOSSES = 96;
const MOST_SETS = 32;
/** Bytes and lines at the end of the file that tell where the run is. */
const TAIL = { bytes: 16_384, lines: 24 };

export function scan(path: string): Scan {
  let scores = new Map<string, Score[]>();
  let losses: number[] = [];
  let step = 0;
  let loss: number | undefined;
  let secondsPerStep: number | undefined;
  let stride = 1; // bytes from one stored loss to the next
  let due = 0;

  function addScores(line: string): void {
    const entry = parseObject(line);
    const at = asNumber(entry?.step);
    if (!entry || at === undefined) return;
    for (const key in entry) {
      const value = entry[key];
      if (!key.startsWith("miou/") || typeof value !== "number") continue;
      const set = key.slice("miou/".length);
      const list = scores.get(set) ?? [];
      if (list.length === 0) {
        if (scores.size >= MOST_SETS) continue;
        scores.set(set, list);
      }
      while ((list.at(-1)?.step ?? -1) >= at) list.pop(); // the run was resumed from before
      list.push({ step: at, value });
    }
  }

  /** Stores the first loss at `due` or later, found by its key instead of by parsing its line. */
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

  function readTail(piece: Buffer): void {
    const text = piece.toString("utf8", Math.max(0, piece.length - TAIL.bytes));
    const entries = text.split("\n").slice(-TAIL.lines).map(parseObject);
    const times = entries.flatMap((entry) => asNumber(entry?.seconds) ?? []);
    if (times.length > 0) secondsPerStep = times.reduce((a, b) => a + b) / times.length;
    for (const entry of entries) {
      step = asNumber(entry?.step) ?? step;
      loss = asNumber(entry?.[LOSS]) ?? loss;
    }
  }

  const follower = follow(
    path,
    (piece, offset) => {
      for (let at = piece.indexOf(SCORE); at >= 0; at = piece.indexOf(SCORE, at)) {
        const end = piece.indexOf(10, at);
        addScores(piece.toString("utf8", piece.lastIndexOf(10, at) + 1, end));
        at = end;
      }
      addLosses(piece, offset);
      readTail(piece);
    },
    () => {
      scores = new Map();
      losses = [];
      stride = 1;
      due = 0;
      step = 0;
      loss = secondsPerStep = undefined;
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
    get secondsPerStep() {
      return secondsPerStep;
    },
    get scores() {
      return scores;
    },
    get losses() {
      return losses;
    },
  };
}
