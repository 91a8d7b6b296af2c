import { resolve } from "node:path";
import { UserError } from "../errors.js";
import { nearestWord } from "../nearest-word.js";
import type { ClassSet, Dataset } from "./dataset.js";
import type { DatasetType } from "./files/file-dataset.js";
import { folder } from "./folder.js";
import { acdc } from "./published/acdc.js";
import { bdd100k } from "./published/bdd100k.js";
import { camvid } from "./published/camvid.js";
import { carla, carlaBefore14 } from "./published/carla.js";
import { cityscapes } from "./published/cityscapes.js";
import { crosscity } from "./published/crosscity.js";
import { darkZurich } from "./published/dark-zurich.js";
import { foggyCityscapes } from "./published/foggy-cityscapes.js";
import { gta5 } from "./published/gta5.js";
import { kitti } from "./published/kitti.js";
import { mapillary } from "./published/mapillary.js";
import { synscapes } from "./published/synscapes.js";
import { synthia } from "./published/synthia.js";
import { virtualKitti } from "./published/virtual-kitti.js";
import { streets } from "./streets/streets.js";

/** Every kind of data set, by the `type` of its configuration. A new one is a new line. */
export const DATASET_TYPES: Readonly<Record<string, DatasetType>> = {
  gta5,
  synthia,
  cityscapes,
  camvid,
  folder,
  streets,
  acdc,
  bdd100k,
  carla,
  "carla-0.9.10": carlaBefore14,
  crosscity,
  "dark-zurich": darkZurich,
  "foggy-cityscapes": foggyCityscapes,
  kitti,
  mapillary,
  synscapes,
  "virtual-kitti-2": virtualKitti,
};

/** What a configuration says of a data set, checked. */
export interface DatasetSpec {
  readonly type: string;
  readonly root: string;
  readonly [option: string]: unknown;
}

/**
 * Checks the options of a data set.
 * @param where the key they were found under, for messages
 * @throws UserError naming the faulty key, with the nearest known one
 */
export function parseDatasetSpec(spec: unknown, where = "dataset"): DatasetSpec {
  const type = typeof spec === "object" && spec !== null && "type" in spec ? spec.type : undefined;
  if (typeof type !== "string" || !Object.hasOwn(DATASET_TYPES, type)) {
    const names = Object.keys(DATASET_TYPES);
    const near = typeof type === "string" ? nearestWord(type, names) : undefined;
    const found = type === undefined ? "is missing" : `${JSON.stringify(type)} is unknown`;
    throw new UserError(
      "unknown-name",
      `${where}.type ${found}; expected one of ${names.join(", ")}` +
        `${near ? `; did you mean ${near}?` : "."}`,
    );
  }
  const { schema } = DATASET_TYPES[type] as DatasetType;
  const parsed = schema.safeParse(spec);
  if (parsed.success) return parsed.data as unknown as DatasetSpec;
  const issue = parsed.error.issues[0];
  const path = [where, ...(issue?.path ?? [])].join(".");
  if (issue?.code === "unrecognized_keys") {
    const key = issue.keys[0] ?? "";
    const known = Object.keys(schema.shape);
    const near = nearestWord(key, known);
    throw new UserError(
      "unknown-key",
      `${path}.${key} is no option of ${type} data sets, which know ${known.join(", ")}` +
        `${near ? `; did you mean ${near}?` : "."}`,
    );
  }
  const message = (issue?.message ?? "not understood").replace(/^Invalid (input|option): /, "");
  throw new UserError("invalid-value", `${path}: ${message}.`);
}

/**
 * The classes of the data set that `spec` describes. Reads none of its files: they need not exist.
 * @throws UserError for faulty options
 */
export function classesOf(spec: unknown, where?: string): ClassSet {
  const parsed = parseDatasetSpec(spec, where);
  return (DATASET_TYPES[parsed.type] as DatasetType).classes(parsed as never);
}

/**
 * Opens the data set that `spec` describes.
 * @param base folder that a relative `root` starts from; the working folder by default
 * @param onProgress called where the data set is made first (streets): what, done, total
 * @throws UserError for faulty options and for missing, empty or unequal folders
 */
export async function openDataset(
  spec: unknown,
  base = process.cwd(),
  onProgress?: (name: string, done: number, total: number) => void,
): Promise<Dataset> {
  const parsed = parseDatasetSpec(spec);
  const { open } = DATASET_TYPES[parsed.type] as DatasetType;
  return open({ ...parsed, root: resolve(base, parsed.root) } as never, onProgress);
}
