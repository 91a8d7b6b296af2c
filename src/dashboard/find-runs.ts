import type { Dirent } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { isFile } from "../regular-file.js";
import { inside } from "../serving/safe-path.js";

const DEPTH = 4;
const MARKS = ["config.yaml", "metrics.jsonl", "status.json"];

/** Whether a folder is a run folder. */
export const isRun = (folder: string): boolean => MARKS.some((mark) => isFile(join(folder, mark)));

/**
 * The run folders below `root`, a real path, as paths relative to it. Each folder is listed once, under its
 * own name if it has one below `root`, else under that of a link. The folders of a run are not searched.
 */
export async function findRuns(root: string): Promise<string[]> {
  const seen = new Set<string>();
  const found: string[] = [];
  const links: { readonly id: string; readonly depth: number }[] = [];

  async function search(id: string, depth: number): Promise<void> {
    const real = id === "" ? root : inside(root, id);
    if (real === undefined || seen.has(real)) return;
    seen.add(real);
    const entries = await entriesOf(real);
    if (id !== "" && entries.some(({ name }) => MARKS.includes(name)) && isRun(real)) {
      found.push(id);
      return;
    }
    if (depth === 0) return;
    const below = (name: string) => (id === "" ? name : `${id}/${name}`);
    const folders = entries.filter((entry) => entry.isDirectory());
    for (const entry of entries) {
      if (entry.isSymbolicLink()) links.push({ id: below(entry.name), depth: depth - 1 });
    }
    await Promise.all(folders.map(({ name }) => search(below(name), depth - 1)));
  }

  await search("", DEPTH);
  for (const { id, depth } of links) await search(id, depth); // which may find more links
  return found;
}

/** What is in a folder; nothing if it cannot be read. */
const entriesOf = (folder: string): Promise<Dirent[]> =>
  readdir(folder, { withFileTypes: true }).catch((): Dirent[] => []);
