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

export const PREDICTION_FORMATS = Object.keys(predictionFormats) as readonly PredictionFormatName[];
