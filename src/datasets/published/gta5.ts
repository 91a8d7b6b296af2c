import { join } from "node:path";
import { fileDataset } from "../files/file-dataset.js";
import { fromCityscapesIds } from "../files/labelling.js";

/**
 * GTA5 (Richter et al., ECCV 2016): images/00001.png, labels/00001.png, palette PNGs with Cityscapes
 * label ids.
 */
export const gta5 = fileDataset("gta5", {
  options: {},
  layout: ({ root }) => ({
    root,
    expected: "the GTA5 layout: images/00001.png, labels/00001.png",
    folders: [{ images: join(root, "images"), labels: join(root, "labels") }],
  }),
  labellings: [fromCityscapesIds],
});
