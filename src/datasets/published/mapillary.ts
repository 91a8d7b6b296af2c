import { join } from "node:path";
import { z } from "zod";
import { cityscapes19 } from "../class-sets.js";
import { fileDataset } from "../files/file-dataset.js";
import { isFolder } from "../files/find-files.js";
import { mapByName } from "../files/label-maps.js";

/** Those of the 66 classes of version 1.2 that have a counterpart in Cityscapes. */
const ids = mapByName(cityscapes19, {
  road: [7, 8, 10, 13, 14, 23, 24, 41, 43], // and lanes, crossings, parking, manholes, potholes
  sidewalk: [2, 9, 11, 15],
  building: [17],
  wall: [6],
  fence: [3],
  pole: [45, 47],
  "traffic light": [48],
  "traffic sign": [50],
  vegetation: [30],
  terrain: [29],
  sky: [27],
  person: [19],
  rider: [20, 21, 22],
  car: [55],
  truck: [61],
  bus: [54],
  train: [58],
  motorcycle: [57],
  bicycle: [52],
});

/**
 * Mapillary Vistas (Neuhold et al., ICCV 2017), the classes of version 1.2 mapped to Cityscapes':
 * {split}/images/*.jpg with {split}/v1.2/labels/*.png, or with {split}/labels/*.png in older archives.
 */
export const mapillary = fileDataset<{ split: string }>("mapillary", {
  options: { split: z.enum(["training", "validation", "testing"]).default("training") },
  layout: async ({ root, split }) => {
    const newer = join(root, split, "v1.2", "labels");
    return {
      root,
      expected: `the Mapillary Vistas layout: ${split}/images/*.jpg, ${split}/v1.2/labels/*.png`,
      folders: [
        {
          images: join(root, split, "images"),
          labels: (await isFolder(newer)) ? newer : join(root, split, "labels"),
        },
      ],
    };
  },
  labellings: [{ classes: cityscapes19, map: ids }],
});
