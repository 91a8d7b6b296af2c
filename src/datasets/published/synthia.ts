import { join } from "node:path";
import { cityscapes19 } from "../class-sets.js";
import { fileDataset } from "../files/file-dataset.js";
import { synthiaIds } from "../files/label-maps.js";

/**
 * SYNTHIA-RAND-CITYSCAPES (Ros et al., CVPR 2016): RGB/0000000.png, GT/LABELS/0000000.png, 16-bit labels
 * whose first channel is the class id. Train ids are those of the 19 Cityscapes classes unless `classes` is
 * set (`synthia16`).
 */
export const synthia = fileDataset("synthia", {
  options: {},
  layout: ({ root }) => ({
    root,
    expected: "the SYNTHIA-RAND-CITYSCAPES layout: RGB/0000000.png, GT/LABELS/0000000.png",
    folders: [{ images: join(root, "RGB"), labels: join(root, "GT", "LABELS") }],
  }),
  labellings: [{ classes: cityscapes19, map: synthiaIds, coding: "synthia ids" }],
});
