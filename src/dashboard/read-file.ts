import { readRegular } from "../regular-file.js";
import { LARGEST_CONFIG, parseConfigText } from "../report/config-text.js";
import { parseObject } from "./follow.js";

/** Bytes of the largest files that are read: parsing more would keep everybody waiting. */
export const LARGEST = { config: LARGEST_CONFIG, json: 4 * 2 ** 20, table: 16 * 2 ** 20 } as const;
/** Characters of the longest text of a file that a page shows. */
const LONGEST = 2000;

/** A text file; undefined if it is missing, not a regular file, or larger than `largest` bytes. */
export async function readText(
  path: string | undefined,
  largest: number,
): Promise<string | undefined> {
  return path === undefined ? undefined : (await readRegular(path, largest))?.toString("utf8");
}

/** The JSON object in a file; undefined if there is none. */
export async function readJson(
  path: string | undefined,
  largest: number = LARGEST.json,
): Promise<Record<string, unknown> | undefined> {
  return parseObject((await readText(path, largest)) ?? "");
}

/** The mapping in the text of a `config.yaml`; an empty one if it holds none. */
export function parseMapping(text: string | undefined): Record<string, unknown> {
  try {
    return asMapping(parseConfigText(text ?? ""));
  } catch {
    return {};
  }
}

/** `value` if it is an object with keys, else an empty one. */
export function asMapping(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : {};
}

export const asNumber = (value: unknown): number | undefined =>
  typeof value === "number" && Number.isFinite(value) ? value : undefined;

export const asString = (value: unknown): string | undefined =>
  typeof value === "string" ? value.slice(0, LONGEST) : undefined;
