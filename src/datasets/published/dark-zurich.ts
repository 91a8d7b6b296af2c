import { join } from "node:path";
import { z } from "zod";
import { fileDataset } from "../files/file-dataset.js";
import { fromTrainIds } from "../files/labelling.js";
import { cityscapesSplit } from "./cityscapes.js";

/**
 * Dark Zurich (Sakaridis et al., ICCV 2019): rgb_anon/{split}/{condition}/{sequence}/*_rgb_anon.png,
 * gt/{split}/{condition}/{sequence}/*_gt_labelTrainIds.png. Only val/night has public labels.
 */
export const darkZurich = fileDataset<{ split: string; condition: string }>("dark-zurich", {
  options: {
    split: cityscapesSplit,
    condition: z.enum(["night", "twilight", "day"]).default("night"),
  },
  layout: ({ root, split, condition }) => ({
    root,
    expected:
      `the Dark Zurich layout: rgb_anon/${split}/${condition}/{sequence}/*_rgb_anon.png, ` +
      `gt/${split}/${condition}/{sequence}/*_gt_labelTrainIds.png`,
    folders: [
      {
        images: join(root, "rgb_anon", split, condition),
        labels: join(root, "gt", split, condition),
      },
    ],
    imageSuffix: "_rgb_anon",
    labelSuffix: "_gt_labelTrainIds",
    namedByFile: true,
  }),
  labellings: [fromTrainIds],
});
