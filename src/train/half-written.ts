import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { partOf } from "../write-atomically.js";

// The files that are written atomically in each folder of a run; docs/run-folder.md describes them.
const RUN =
  /^(config\.yaml|report\.html|(class-statistics|classes|confusion|environment|features|losses|result|status)\.json|(images|metrics|notes|prototypes)\.jsonl|(coder|style)\.safetensors)$/;
const CHECKPOINT = /^step-\d+\.safetensors$/;
const STYLE_SAMPLE = /^\d+-(content|result)\.jpg$/;
const PREVIEW =
  /^((baseline|name)\.txt|input\.jpg|(baseline|truth)\.png|step-\d+-(prediction|entropy)\.png)$/;

/**
 * Removes the temporary files that a killed process left in a run folder. Other files stay, and links
 * are not followed.
 */
export function removeHalfWritten(run: string): void {
  const sets = foldersIn(run, /^previews$/).flatMap((previews) => foldersIn(previews, /^/));
  removeParts([run], RUN);
  removeParts(foldersIn(run, /^checkpoints$/), CHECKPOINT);
  removeParts(foldersIn(run, /^style$/), STYLE_SAMPLE);
  removeParts(
    sets.flatMap((set) => foldersIn(set, /^\d+$/)),
    PREVIEW,
  );
}

const entriesOf = (folder: string) => readdirSync(folder, { withFileTypes: true });

/** The folders in a folder, without links to folders. */
const foldersIn = (folder: string, name: RegExp): string[] =>
  entriesOf(folder)
    .filter((entry) => entry.isDirectory() && name.test(entry.name))
    .map((entry) => join(folder, entry.name));

function removeParts(folders: readonly string[], written: RegExp): void {
  for (const folder of folders) {
    for (const entry of entriesOf(folder)) {
      const name = partOf(entry.name);
      if (entry.isFile() && name !== undefined && written.test(name)) {
        rmSync(join(folder, entry.name), { force: true });
      }
    }
  }
}
