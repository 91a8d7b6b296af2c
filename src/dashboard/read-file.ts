import { readFile, stat } from "node:fs/promises";
import { parse } from "yaml";
import { parseObject } from "./follow.js";

const LARGEST = 64 * 2 ** 20;

/** A small text file, or undefined where it is missing, no file, or too large to be one of ours. */
export async function readText(path: string | undefined): Promise<string | undefined> {
  if (path === undefined) return undefined;
  try {
    const found = await stat(path);
    return found.isFile() && found.size <= LARGEST ? await readFile(path, "utf8") : undefined;
  } catch {
    return undefined;
  }
}

/** The JSON object in a file; undefined where there is none. */
export async function readJson(
  path: string | undefined,
): Promise<Record<string, unknown> | undefined> {
  return parseObject((await readText(path)) ?? "");
}

/** The mapping in a YAML text; an empty one where it holds none. */
export function parseMapping(text: string | undefined): Record<string, unknown> {
  try {
    const value = parse(text ?? "", { maxAliasCount: 100, logLevel: "error" });
    return asMapping(JSON.parse(JSON.stringify(value ?? null))); // a mapping within itself throws
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
  typeof value === "string" ? value : undefined;
