import { join } from "node:path";
import { z } from "zod";
import { fileDataset } from "../files/file-dataset.js";
import { fromCityscapesIds } from "../files/labelling.js";

export const cityscapesSplit = z.enum(["train", "val", "test"]).default("train");

/**
 * Cityscapes (Cordts et al., CVPR 2016): leftImg8bit/{split}/{city}/*_leftImg8bit.png,
 * gtFine/{split}/{city}/*_gtFine_labelIds.png. Without gtFine/{split} the set is unlabelled.
 */
export const cityscapes = fileDataset<{ split: string }>("cityscapes", {
  options: { split: cityscapesSplit },
  layout: ({ root, split }) => ({
    root,
    expected:
      `the Cityscapes layout: leftImg8bit/${split}/{city}/*_leftImg8bit.png, ` +
      `gtFine/${split}/{city}/*_gtFine_labelIds.png`,
    folders: [{ images: join(root, "leftImg8bit", split), labels: join(root, "gtFine", split) }],
    imageSuffix: "_leftImg8bit",
    labelSuffix: "_gtFine_labelIds",
    namedByFile: true,
  }),
  labellings: [fromCityscapesIds],
});
