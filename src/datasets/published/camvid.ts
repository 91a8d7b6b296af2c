import { join } from "node:path";
import { z } from "zod";
import { camvid11, cityscapes19 } from "../class-sets.js";
import { fileDataset } from "../files/file-dataset.js";
import { isFolder } from "../files/find-files.js";
import { camvidIds, camvidToCityscapes } from "../files/label-maps.js";

const splits = ["train", "val", "test"] as const;

/**
 * CamVid (Brostow et al., 2008) in its 480x360, 11-class form: train/, val/ and test/ with images,
 * trainannot/, valannot/ and testannot/ with labels. A list may name samples of all splits, as
 * train/0016E5_00390; without list and split, all splits are read. It has its own 11 classes or,
 * with `classes: cityscapes`, Cityscapes train ids.
 */
export const camvid = fileDataset<{ split?: string }>("camvid", {
  options: { split: z.enum(splits).optional() },
  layout: async ({ root, split }) => ({
    root,
    expected: "the CamVid layout: train/, val/, test/ and trainannot/, valannot/, testannot/",
    folders: (split ? [split] : await splitsIn(root)).map((name) => ({
      images: join(root, name),
      labels: join(root, `${name}annot`),
      prefix: `${name}/`,
    })),
  }),
  labellings: [
    { classes: camvid11, map: camvidIds },
    { classes: cityscapes19, map: camvidToCityscapes },
  ],
});

async function splitsIn(root: string): Promise<string[]> {
  const found: string[] = [];
  for (const name of splits) if (await isFolder(join(root, name))) found.push(name);
  return found.length > 0 ? found : ["train"];
}
