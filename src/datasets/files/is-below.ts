import { relative, sep } from "node:path";

/** Whether a path is a folder or, by its name, in it: links are not followed. */
export const isBelow = (path: string, folder: string): boolean =>
  !relative(folder, path).split(sep).includes("..");
