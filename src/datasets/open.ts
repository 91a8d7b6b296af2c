import { resolve } from "node:path";
import { checked } from "../checked.js";
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
import { coco } from "./tools/coco.js";
import { cocoPanoptic } from "./tools/coco-panoptic.js";
import { cvatMask, voc } from "./tools/cvat-mask.js";
import { cvatXml } from "./tools/cvat-xml.js";
import { datumaro } from "./tools/datumaro.js";
import { labelStudio } from "./tools/label-studio.js";
import { labelme } from "./tools/labelme.js";
import { roboflowMask } from "./tools/roboflow-mask.js";
import { supervisely } from "./tools/supervisely.js";
import { yolo } from "./tools/yolo.js";

/** All kinds of data set, by their `type` in configurations. */
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
  "cvat-mask": cvatMask,
  "cvat-xml": cvatXml,
  voc,
  coco,
  "coco-panoptic": cocoPanoptic,
  labelme,
  "label-studio": labelStudio,
  "roboflow-mask": roboflowMask,
  yolo,
  supervisely,
  datumaro,
};

/** The checked options of a data set. */
export interface DatasetSpec {
  readonly type: string;
  readonly root: string;
  readonly [option: string]: unknown;
}

/**
 * Checks the options of a data set.
 * @throws UserError naming the faulty key, with the nearest known one
 */
export function parseDatasetSpec(spec: unknown): DatasetSpec {
  const type = typeof spec === "object" && spec !== null && "type" in spec ? spec.type : undefined;
  if (typeof type !== "string" || !Object.hasOwn(DATASET_TYPES, type)) {
    const names = Object.keys(DATASET_TYPES);
    const near = typeof type === "string" ? nearestWord(type, names) : undefined;
    const found =
      type === undefined ? "type is missing" : `type ${JSON.stringify(type)} is unknown`;
    throw new UserError(
      "unknown-name",
      `data set: ${found}; expected one of ${names.join(", ")}${near ? `; did you mean ${near}?` : ""}`,
    );
  }
  const { schema } = DATASET_TYPES[type] as DatasetType;
  return checked(schema, spec, `data set of type ${type}`) as DatasetSpec;
}

/** The `root` of data sets of a type that do not name one; undefined if the type requires it. */
export function defaultRoot(type: string): string | undefined {
  if (!Object.hasOwn(DATASET_TYPES, type)) return undefined;
  const { root } = (DATASET_TYPES[type] as DatasetType).schema.shape;
  return root?.safeParse(undefined).data as string | undefined;
}

/**
 * The classes of the data set that `spec` describes. Its files are not read, and need not exist.
 * @throws UserError for invalid options
 */
export function classesOf(spec: unknown): ClassSet {
  const parsed = parseDatasetSpec(spec);
  return (DATASET_TYPES[parsed.type] as DatasetType).classes(parsed as never);
}

/**
 * Opens the data set that `spec` describes.
 * @param base folder that a relative `root` starts from; the working folder by default
 * @param onProgress called while a data set is drawn (Streets): what, done, total
 * @throws UserError for invalid options, missing or empty folders, and images without label or the reverse
 */
export async function openDataset(
  spec: unknown,
  base = process.cwd(),
  onProgress?: (name: string, done: number, total: number) => void,
): Promise<Dataset> {
  const parsed = parseDatasetSpec(spec);
  const { open } = DATASET_TYPES[parsed.type] as DatasetType;
  const options = { labelled: labelsExpected(spec), ...parsed, root: resolve(base, parsed.root) };
  return open(options as never, onProgress);
}

/** Labels whose folder is configured must exist, unlike those in a default folder. */
const labelsExpected = (spec: unknown): true | undefined =>
  (spec as { readonly labels?: unknown }).labels === undefined ? undefined : true;
