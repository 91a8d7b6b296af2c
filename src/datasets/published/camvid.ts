import { join } from "node:path";
import { z } from "zod";
import { camvid11, cityscapes19 } from "../class-sets.js";
import { fileDataset } from "../files/file-dataset.js";
import { isFolder } from "../files/find-files.js";
import { camvidIds, camvidToCityscapes } from "../files/label-maps.js";

const splits = ["train", "val", "test"] as const;

/**
 * CamVid (Brostow et al., 2008) in its version of 480x360 pixels and 11 classes: train/, val/ and test/ with
 * images, trainannot/, valannot/ and testannot/ with labels. A list may contain samples of all splits, such as
 * train/0016E5_00390. Without list and split, all splits are read. With `classes: cityscapes` it has
 * Cityscapes train ids instead of its own 11 classes.
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
