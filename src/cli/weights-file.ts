import { statSync } from "node:fs";
import { latestCheckpoint } from "../train/index.js";

/** A file of weights: the one that is named, or the newest checkpoint of a run folder. */
export function weightsFile(path: string): string {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ? latestCheckpoint(path) : path;
}
