import { printable } from "../../printable.js";
import { columnsOf, isLive, paint, wrapped } from "./terminal.js";

/** A progress line: rewritten in place in a terminal, printed from time to time elsewhere. */
export interface ProgressLine {
  update(done: number, total: number, detail?: string): void;
  /** Shows work that cannot be counted; in a terminal only. */
  show(what?: string): void;
  /** Removes the line, so that the next output starts on a new one. */
  end(): void;
}

/** Prints nothing, for all processes except the first. */
export const noLine: ProgressLine = { update: () => {}, show: () => {}, end: () => {} };

const LIVE_INTERVAL = 200;
const PLAIN_INTERVAL = { least: 15_000, most: 600_000 };
const BARS = [24, 12, 0];
const ERASE = "\r\x1b[2K";

/** The current progress line of each terminal. */
const shown = new WeakMap<NodeJS.WriteStream, string>();

function draw(stream: NodeJS.WriteStream, line: string): void {
  if (!isLive(stream)) return;
  stream.write(ERASE + line);
  shown.set(stream, line);
}

function erase(stream: NodeJS.WriteStream): void {
  if (shown.delete(stream)) stream.write(ERASE);
}

/** Prints a line above the progress line. */
export function say(line: string, stream: NodeJS.WriteStream = process.stderr): void {
  const moving = shown.get(stream);
  erase(stream);
  stream.write(`${line}\n`);
  if (moving !== undefined) draw(stream, moving);
}

/** Prints a note: not an error, but something that the user should know. */
export const note = (sentence: string, stream: NodeJS.WriteStream = process.stderr): void =>
  say(
    paint("yellow", "note:", stream) +
      wrapped(`note: ${printable(sentence)}`, columnsOf(stream), 6).slice(5),
    stream,
  );

/** Minutes and seconds, "4:05", with hours if there are any, "27:04:05". */
export function clock(seconds: number): string {
  const whole = Math.round(seconds);
  const two = (part: number) => String(part).padStart(2, "0");
  const minutes = Math.floor(whole / 60);
  const [hours, rest] = [Math.floor(minutes / 60), two(whole % 60)];
  return hours > 0 ? `${hours}:${two(minutes % 60)}:${rest}` : `${minutes}:${rest}`;
}

/** @param unit of the items, to show the seconds that one takes: those that the time left is computed from */
export function progressLine(
  label: string,
  stream: NodeJS.WriteStream = process.stderr,
  unit?: string,
): ProgressLine {
  const live = isLive(stream);
  const began = performance.now();
  let printed = live ? 0 : began;
  let first: { readonly done: number; readonly at: number } | undefined;
  const due = (now: number) => {
    if (live) return now - printed > LIVE_INTERVAL;
    // Lines for a log: frequent at first, a few a day in a job of days.
    const { least, most } = PLAIN_INTERVAL;
    return now - printed > Math.min(most, Math.max(least, (now - began) / 10));
  };
  return {
    update(done, total, detail = "") {
      const now = performance.now();
      first ??= { done, at: now }; // preparation and an earlier run do not count
      if (!due(now) && !(live && done === total)) return;
      printed = now;
      const perItem = (now - first.at) / 1000 / (done - first.done);
      const known = done > first.done;
      const rate = known && unit !== undefined ? `${perItem.toFixed(2)} s/${unit}` : "";
      const left = known ? `${clock(perItem * (total - done))} left` : "";
      const count = `${String(done).padStart(String(total).length)}/${total}`;
      const text = [count, detail, rate, left].filter(Boolean).join("  ");
      if (live) draw(stream, fitted(printable(label), text, done / total, stream));
      else stream.write(`${printable(label)}  ${text}\n`);
    },
    show(what = "") {
      const line = printable(what ? `${label}  ${what}` : label);
      draw(stream, shortened(line, columnsOf(stream) - 1));
    },
    end: () => erase(stream),
  };
}

/** Label, a bar if there is room, and the numbers. The label is cut first. */
function fitted(label: string, text: string, share: number, stream: NodeJS.WriteStream): string {
  const columns = columnsOf(stream) - 1;
  const room = columns - label.length - text.length - 4;
  const bar = BARS.find((width) => width <= room) ?? 0;
  if (bar > 0) return `${label}  ${barOf(bar, share, stream)}  ${text}`;
  const short = shortened(label, Math.max(0, columns - text.length - 2));
  return shortened(short === "" ? text : `${short}  ${text}`, columns);
}

function barOf(width: number, share: number, stream: NodeJS.WriteStream): string {
  const full = Math.floor(Math.min(1, share) * width);
  return paint("cyan", "━".repeat(full), stream) + paint("dim", "─".repeat(width - full), stream);
}

const shortened = (text: string, width: number): string =>
  text.length <= width ? text : width > 1 ? `${text.slice(0, width - 1)}…` : "";
