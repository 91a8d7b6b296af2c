import { constants, type Stats, statSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";

// Folders hold more than files: opening a pipe waits for its writer, and reading a device never ends.

/** Whether a path is a regular file, or a link to one. */
export const isFile = (path: string): boolean => statOf(path)?.isFile() ?? false;

/** Whether a path is a folder, or a link to one. */
export const isFolder = (path: string): boolean => statOf(path)?.isDirectory() ?? false;

function statOf(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch {
    return undefined; // missing, below a file, or not permitted
  }
}

/** Opens a regular file for reading, without waiting for anything else; undefined if it is not one. */
export async function openRegular(
  path: string,
): Promise<
  { readonly file: FileHandle; readonly size: number; readonly inode: number } | undefined
> {
  const flags = constants.O_RDONLY | constants.O_NONBLOCK;
  const file = await open(path, flags).catch(() => undefined);
  if (!file) return undefined;
  try {
    const stat = await file.stat();
    if (stat.isFile()) return { file, size: stat.size, inode: stat.ino };
  } catch {
    // closed below
  }
  await file.close();
  return undefined;
}

/** The content of a regular file of at most `largest` bytes; undefined if it is not one. */
export async function readRegular(path: string, largest: number): Promise<Buffer | undefined> {
  const opened = await openRegular(path);
  if (!opened) return undefined;
  try {
    if (opened.size > largest) return undefined;
    return await opened.file.readFile();
  } catch {
    return undefined;
  } finally {
    await opened.file.close();
  }
}
