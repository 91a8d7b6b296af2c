import { openRegular } from "../regular-file.js";
import type { Cosines, Prototypes } from "./api.js";
import { follow, parseObject } from "./follow.js";
import { asNumber } from "./read-file.js";

/** The lines of one prototypes.jsonl: the place of each in the file, and its summary in two numbers. */
export interface PrototypeLines {
  refresh(): Promise<void>;
  /** The matrices at the last step up to `step`, with the summaries of all; undefined without any. */
  at(step: number): Promise<Prototypes | undefined>;
}

interface Line {
  readonly step: number;
  readonly offset: number;
  readonly length: number;
  readonly aligned: number | null;
  readonly apart: number | null;
}

export function openPrototypes(path: string): PrototypeLines {
  let lines: Line[] = [];
  const follower = follow(
    path,
    (piece, offset) => {
      for (let begin = 0; begin < piece.length; ) {
        const end = piece.indexOf(10, begin);
        const line = summarise(piece.toString("utf8", begin, end));
        if (line) {
          while ((lines.at(-1)?.step ?? -1) >= line.step) lines.pop();
          lines.push({ ...line, offset: offset + begin, length: end - begin });
        }
        begin = end + 1;
      }
    },
    () => {
      lines = [];
    },
  );
  return {
    refresh: follower.refresh,
    async at(step) {
      const line = lines.filter((one) => one.step <= step).at(-1) ?? lines[0];
      const opened = line && (await openRegular(path));
      if (!opened) return undefined;
      const buffer = Buffer.alloc(line.length);
      try {
        await opened.file.read(buffer, 0, line.length, line.offset);
      } finally {
        await opened.file.close();
      }
      const { source, target, across } = parseObject(buffer.toString("utf8")) ?? {};
      return {
        steps: lines.map((one) => one.step),
        aligned: lines.map(({ aligned }) => aligned),
        apart: lines.map(({ apart }) => apart),
        step: line.step,
        source: cosines(source),
        target: cosines(target),
        across: cosines(across),
      };
    },
  };
}

function summarise(text: string): Omit<Line, "offset" | "length"> | undefined {
  const entry = parseObject(text);
  const step = asNumber(entry?.step);
  if (step === undefined) return undefined;
  const across = cosines(entry?.across);
  const pick = (same: boolean) =>
    mean(across.flatMap((row, i) => row.filter((_, j) => (i === j) === same)));
  return { step, aligned: pick(true), apart: pick(false) };
}

function mean(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length > 0 ? known.reduce((sum, value) => sum + value, 0) / known.length : null;
}

function cosines(value: unknown): Cosines {
  if (!Array.isArray(value)) return [];
  return value.map((row) => (Array.isArray(row) ? row.map((one) => asNumber(one) ?? null) : []));
}
