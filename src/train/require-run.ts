import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { UserError } from "../errors.js";
import { missingPath } from "../missing-path.js";
import { isFile, isFolder } from "../regular-file.js";

/** @throws UserError unless a folder is a run folder; names the run that was probably meant */
export function requireRun(path: string): void {
  const config = join(path, "config.yaml");
  if (isFile(config)) return;
  if (!existsSync(path)) throw missingPath(path, "a run folder, which `train` writes");
  const inside = isFolder(path)
    ? readdirSync(path).find((name) => isFile(join(path, name, "config.yaml")))
    : undefined;
  const fix =
    inside === undefined
      ? `expected ${config}, which \`train\` writes`
      : `name one of the run folders in it, such as ${join(path, inside)}`;
  throw new UserError("not-a-run", `${path} is not a run folder: ${fix}`);
}
