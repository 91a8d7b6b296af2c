import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { encode } from "fast-png";
import { expect } from "vitest";
import type { Dataset, Size } from "../../../src/datasets/dataset.js";
import { openDataset } from "../../../src/datasets/open.js";
import { writeImage } from "../fixtures.js";

/** Images of the fixtures. */
export const size: Size = { width: 8, height: 6 };

/** Writes plain images. */
export async function images(root: string, ...names: readonly string[]): Promise<void> {
  for (const name of names) await writeImage(join(root, name), new Uint8Array(8 * 6 * 3), size);
}

/** Writes a file as text, or as JSON if it is not text or bytes. */
export async function file(root: string, name: string, content: unknown): Promise<void> {
  const path = join(root, name);
  await mkdir(dirname(path), { recursive: true });
  const isRaw = typeof content === "string" || content instanceof Uint8Array;
  await writeFile(path, isRaw ? content : JSON.stringify(content));
}

/** The rows of a label: a letter per class, "." for ignored pixels. */
export function picture(label: Uint8Array | undefined, { width }: Size = size): string[] {
  const letters = [...(label ?? [])].map((id) => (id === 255 ? "." : "abcdefgh".charAt(id)));
  return letters.join("").match(new RegExp(`.{${width}}`, "g")) ?? [];
}

/** The label of a sample as a picture. */
export async function drawn(dataset: Dataset, index = 0): Promise<string[]> {
  const { label, width, height } = await dataset.load(index);
  return picture(label, { width, height });
}

/** Opens a data set below `root`. */
export const open = (type: string, root: string, options: object = {}): Promise<Dataset> =>
  openDataset({ type, root, ...options });

/** Expects the only sample of a set to have this label. */
export async function expectLabel(
  dataset: Promise<Dataset>,
  rows: readonly string[],
  index = 0,
): Promise<void> {
  expect(await drawn(await dataset, index)).toEqual(rows);
}

/** A grey PNG with a pixel per letter: a is 0, b is 1, ... */
export function mask(rows: readonly string[]): Uint8Array {
  const data = Uint8Array.from(rows.join(""), (letter) => letter.charCodeAt(0) - 97);
  return encode({ width: rows[0]?.length ?? 0, height: rows.length, channels: 1, depth: 8, data });
}

/** An RGB PNG with a pixel per letter. */
export function colored(
  rows: readonly string[],
  colors: Readonly<Record<string, readonly [number, number, number]>>,
): Uint8Array {
  const data = Uint8Array.from([...rows.join("")].flatMap((letter) => [...(colors[letter] ?? [])]));
  return encode({ width: rows[0]?.length ?? 0, height: rows.length, channels: 3, depth: 8, data });
}
