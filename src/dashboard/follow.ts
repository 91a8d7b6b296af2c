import { setImmediate } from "node:timers/promises";
import { openRegular } from "../regular-file.js";

/** Reads what is appended to a file of lines, once each, in pieces that end at the end of a line. */
export interface Follower {
  /** Reads up to the current end; the file may be missing. Calls may overlap. */
  refresh(): Promise<void>;
}

const PIECE = 2 ** 20;

/**
 * Passes every complete line of `path` to `onLines`, in pieces of up to a mebibyte with their offset. A last
 * line without its end waits. A file that was replaced or has shrunk (a resumed run rewinds its metrics) is
 * read again after `onReset`. The event loop turns between pieces.
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
    const opened = await openRegular(path);
    if (!opened) return;
    const { file, size } = opened;
    try {
      if (opened.inode !== inode || size < offset) {
        if (offset > 0) onReset();
        inode = opened.inode;
        offset = 0;
      }
      const buffer = Buffer.allocUnsafe(Math.min(PIECE, Math.max(0, size - offset)));
      while (offset < size) {
        const { bytesRead } = await file.read(buffer, 0, buffer.length, offset);
        const end = buffer.subarray(0, bytesRead).lastIndexOf(10) + 1;
        // No run writes a line longer than a piece: skip it.
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

/** The JSON object in a line; undefined for anything else, such as a torn line. */
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
