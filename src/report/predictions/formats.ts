import { coco } from "./coco.js";
import { colour } from "./colour.js";
import { cvat } from "./cvat.js";
import type { PredictionFormat } from "./format.js";
import { ids } from "./ids.js";
import { labelIds } from "./label-ids.js";
import { labelStudio } from "./label-studio.js";
import { labelme } from "./labelme.js";

/** The formats of predictions by name. */
export const predictionFormats = {
  ids,
  "label-ids": labelIds,
  colour,
  cvat,
  labelme,
  "label-studio": labelStudio,
  coco,
} as const satisfies Record<string, PredictionFormat>;

export type PredictionFormatName = keyof typeof predictionFormats;

type FilesOf = (names: readonly string[]) => readonly string[];

const eachWith =
  (...endings: readonly string[]): FilesOf =>
  (names) =>
    names.flatMap((name) => endings.map((ending) => name + ending));

/** The files that a format writes for images of these names, relative to its folder. */
export const predictionFiles = {
  ids: eachWith(".png", "-overlay.jpg"),
  "label-ids": eachWith(".png"),
  colour: eachWith(".png"),
  cvat: () => ["cvat.zip"],
  labelme: eachWith(".json"),
  "label-studio": () => ["label-studio.json", "label-studio-config.xml"],
  coco: () => ["coco.json"],
} as const satisfies Record<PredictionFormatName, FilesOf>;

export const PREDICTION_FORMATS = Object.keys(predictionFormats) as readonly PredictionFormatName[];
