import { statSync } from "node:fs";
import { basename, extname } from "node:path";
import { filesByStem, imageExtensions } from "../datasets/files/find-files.js";
import { UserError } from "../errors.js";

/** Name and path. */
export type NamedFile = readonly [string, string];

/**
 * Every image named, or inside a folder named.
 * @throws UserError where there are none, or two would become one file
 */
export async function imageFiles(images: readonly string[]): Promise<NamedFile[]> {
  const files = new Map<string, string>();
  const add = (name: string, path: string) => {
    const other = files.get(name);
    if (other !== undefined) {
      throw new UserError(
        "already-exists",
        `${other} and ${path} would both become ${name}.png; predict them apart`,
      );
    }
    files.set(name, path);
  };
  for (const path of images) {
    const stat = statSync(path, { throwIfNoEntry: false });
    if (!stat)
      throw new UserError(
        "not-found",
        `${path} does not exist: expected an image or a folder of them`,
      );
    if (!stat.isDirectory()) add(basename(path, extname(path)), path);
    else {
      for (const [stem, file] of await filesByStem(path, imageExtensions)) {
        add(stem.replaceAll("/", "_"), file);
      }
    }
  }
  if (files.size === 0) {
    throw new UserError(
      "no-images",
      `${images.join(", ")}: no images found; expected ${imageExtensions.join(", ")}`,
    );
  }
  return [...files];
}
