import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { setImmediate } from "node:timers/promises";

/** Reads what is appended to a file of lines, once each, in pieces that end where a line does. */
export interface Follower {
  /** Reads up to the end as it is now; the file may be missing. Calls may overlap. */
  refresh(): Promise<void>;
}

const PIECE = 2 ** 20;

/**
 * Hands every whole line of `path` to `onLines`, as pieces of up to a mebibyte with the offset they
 * lie at. A last line without its end waits. A file that was replaced or has shrunk (a resumed run
 * rewinds its metrics) is read anew after `onReset`. Between pieces others get their turn.
 */
export function follow(
  path: string,
  onLines: (piece: Buffer, offset: number) => void,
  onReset: () => void,
): Follower {
  let offset = 0;
  let inode = 0;
  let running: Promise<void> | undefined;

  async function read(): Promise<void> {
    // Without waiting: a pipe of that name would never answer.
    const flags = constants.O_RDONLY | constants.O_NONBLOCK;
    const file = await open(path, flags).catch(() => undefined);
    if (!file) return;
    try {
      const stat = await file.stat();
      if (!stat.isFile()) return;
      const { ino, size } = stat;
      if (ino !== inode || size < offset) {
        if (offset > 0) onReset();
        inode = ino;
        offset = 0;
      }
      const buffer = Buffer.allocUnsafe(Math.min(PIECE, Math.max(0, size - offset)));
      while (offset < size) {
        const { bytesRead } = await file.read(buffer, 0, buffer.length, offset);
        const end = buffer.subarray(0, bytesRead).lastIndexOf(10) + 1;
        // A line longer than a piece is none of ours: step over it.
        if (end === 0 && bytesRead < PIECE) return;
        const piece = end === 0 ? bytesRead : end;
        if (end > 0) onLines(buffer.subarray(0, end), offset);
        offset += piece;
        await setImmediate();
      }
    } finally {
      await file.close();
    }
  }

  return {
    refresh() {
      running ??= read().finally(() => {
        running = undefined;
      });
      return running;
    },
  };
}

/** The JSON object in a line; undefined for anything else, a torn line among it. */
export function parseObject(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}
