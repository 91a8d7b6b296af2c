import { join } from "node:path";
import { fileDataset } from "../files/file-dataset.js";
import { fromCityscapesIds } from "../files/labelling.js";

/**
 * Synscapes (Wrenninge & Unger, 2018): img/rgb/1.png, img/class/1.png with Cityscapes label ids.
 */
export const synscapes = fileDataset("synscapes", {
  options: {},
  layout: ({ root }) => ({
    root,
    expected: "the Synscapes layout: img/rgb/1.png, img/class/1.png",
    folders: [{ images: join(root, "img", "rgb"), labels: join(root, "img", "class") }],
  }),
  labellings: [fromCityscapesIds],
});
