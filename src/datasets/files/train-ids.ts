import type { Size } from "../dataset.js";
import type { Workers } from "../workers.js";
import { type LabelMap, toTrainIds } from "./label-maps.js";
import { readLabel, resizeNearest } from "./labels.js";

/** The train ids of a label file, and what it states: its size, depth, and whether values are indices. */
export interface MappedLabel extends Size {
  readonly depth: number;
  readonly indexed: boolean;
  /** The distinct values of grey levels of less than 8 bits, which `depthCheck` reads; else empty. */
  readonly values: Uint8Array;
  /** [height * width] of the requested size. */
  readonly trainIds: Uint8Array;
}

/**
 * Reads a label, maps all of its pixels, and resizes the train ids to `size`.
 * @throws UserError as `readLabel` and `toTrainIds`
 */
export async function readTrainIds(path: string, map: LabelMap, size?: Size): Promise<MappedLabel> {
  const label = await readLabel(path, map.key);
  const { width, height, depth, indexed } = label;
  const isNarrow = depth < 8 && !indexed && map.key === "id";
  const values = isNarrow ? Uint8Array.from(new Set(label.values)) : new Uint8Array();
  const trainIds = resizeNearest(toTrainIds(label, map, path), label, size ?? label);
  return { width, height, depth, indexed, values, trainIds };
}

/** `readTrainIds` in a worker; undefined if it failed, so that the caller reads the label for the error. */
export async function trainIdsBy(
  workers: Workers,
  path: string,
  { explain: _, ...map }: LabelMap, // a function cannot be posted
  size?: Size,
): Promise<MappedLabel | undefined> {
  return (await workers.run("trainIds", { path, map, size })) as MappedLabel | undefined;
}
