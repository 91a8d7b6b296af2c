import { join } from "node:path";
import { z } from "zod";
import { fileDataset } from "../files/file-dataset.js";
import { fromCityscapesIds } from "../files/labelling.js";
import { cityscapesSplit } from "./cityscapes.js";

/**
 * Foggy Cityscapes (Sakaridis et al., IJCV 2018): Cityscapes with synthetic fog of attenuation `beta` per
 * metre, leftImg8bit_foggy/{split}/{city}/*_leftImg8bit_foggy_beta_0.02.png, and the labels of Cityscapes
 * in the same root, gtFine/{split}/{city}/*_gtFine_labelIds.png.
 */
export const foggyCityscapes = fileDataset<{ split: string; beta: number }>("foggy-cityscapes", {
  options: {
    split: cityscapesSplit,
    beta: z.union([z.literal(0.005), z.literal(0.01), z.literal(0.02)]).default(0.02),
  },
  layout: ({ root, split, beta }) => ({
    root,
    expected:
      `the Foggy Cityscapes layout: leftImg8bit_foggy/${split}/{city}/*_leftImg8bit_foggy_beta_${beta}.png, ` +
      `gtFine/${split}/{city}/*_gtFine_labelIds.png`,
    folders: [
      { images: join(root, "leftImg8bit_foggy", split), labels: join(root, "gtFine", split) },
    ],
    imageSuffix: `_leftImg8bit_foggy_beta_${beta}`,
    labelSuffix: "_gtFine_labelIds",
    namedByFile: true,
  }),
  labellings: [fromCityscapesIds],
});
