import { readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { UserError } from "../errors.js";
import { nearestWord } from "../nearest-word.js";

const FOLDER = fileURLToPath(new URL("../../weights/", import.meta.url));
const PREFIX = "builtin:";
const ENDING = ".safetensors";

/** Whether a path of weights is `builtin:NAME`, a file that comes with cfcontra. */
export const isBuiltIn = (path: string): boolean => path.startsWith(PREFIX);

/**
 * The file of `builtin:NAME` (weights/README.md).
 * @throws UserError if there is none of this name
 */
export function builtInWeights(path: string): string {
  const name = path.slice(PREFIX.length);
  const names = readdirSync(FOLDER).flatMap((one) =>
    one.endsWith(ENDING) ? [one.slice(0, -ENDING.length)] : [],
  );
  if (names.includes(name)) return join(FOLDER, name + ENDING);
  const near = nearestWord(name, names);
  throw new UserError(
    "not-found",
    `${path}: built-in weights of this name do not exist${near ? ` (did you mean "${PREFIX}${near}"?)` : ""}; ` +
      `they are ${names.map((one) => PREFIX + one).join(", ")}`,
  );
}
