import { join } from "node:path";
import { z } from "zod";
import { fileDataset } from "../files/file-dataset.js";
import { isFolder } from "../files/find-files.js";
import { fromTrainIds } from "../files/labelling.js";
import { cityscapesSplit } from "./cityscapes.js";

const conditions = ["fog", "night", "rain", "snow"] as const;

/**
 * ACDC (Sakaridis et al., ICCV 2021): rgb_anon/{condition}/{split}/{sequence}/*_rgb_anon.png,
 * gt/{condition}/{split}/{sequence}/*_gt_labelTrainIds.png. Without
 * `condition`, all four that exist.
 */
export const acdc = fileDataset<{ split: string; condition?: string }>("acdc", {
  options: { split: cityscapesSplit, condition: z.enum(conditions).optional() },
  layout: async ({ root, split, condition }) => {
    const there: string[] = [];
    for (const name of conditions) {
      if (await isFolder(join(root, "rgb_anon", name, split))) there.push(name);
    }
    const chosen = condition ? [condition] : there.length > 0 ? there : [conditions[0]];
    return {
      root,
      expected:
        `the ACDC layout: rgb_anon/{${conditions.join(",")}}/${split}/{sequence}/*_rgb_anon.png, ` +
        `gt/{condition}/${split}/{sequence}/*_gt_labelTrainIds.png`,
      folders: chosen.map((name) => ({
        images: join(root, "rgb_anon", name, split),
        labels: join(root, "gt", name, split),
        prefix: `${name}/`,
      })),
      imageSuffix: "_rgb_anon",
      labelSuffix: "_gt_labelTrainIds",
      namedByFile: true,
    };
  },
  labellings: [fromTrainIds],
});
