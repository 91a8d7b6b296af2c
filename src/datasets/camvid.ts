import { join } from "node:path";
import { z } from "zod";
import { camvid11, cityscapes19 } from "./class-sets.js";
import type { Dataset } from "./dataset.js";
import { openFiles } from "./file-dataset.js";
import { isFolder } from "./files.js";
import { camvidIds, camvidToCityscapes } from "./label-maps.js";
import { commonOptions, resolveLabelling } from "./options.js";

const splits = ["train", "val", "test"] as const;

/**
 * Options of CamVid (Brostow et al., 2008) in its 480x360, 11-class form: train/, val/ and test/
 * with images, trainannot/, valannot/ and testannot/ with labels. A list may name samples of all
 * splits, as train/0016E5_00390; without list and split, all splits are read.
 */
export const camvidSchema = z.strictObject({
  type: z.literal("camvid"),
  split: z.enum(splits).optional(),
  ...commonOptions,
});

/** Opens CamVid, with its own 11 classes or, with `classes: cityscapes`, Cityscapes train ids. */
export async function openCamvid(options: z.infer<typeof camvidSchema>): Promise<Dataset> {
  const { root, split } = options;
  const wanted: string[] = [];
  for (const name of split ? [split] : splits) {
    if (split || (await isFolder(join(root, name)))) wanted.push(name);
  }
  const layout = {
    root,
    expected: "the CamVid layout: train/, val/, test/ and trainannot/, valannot/, testannot/",
    folders: (wanted.length > 0 ? wanted : ["train"]).map((name) => ({
      images: join(root, name),
      labels: join(root, `${name}annot`),
      prefix: `${name}/`,
    })),
  };
  const labelling = await resolveLabelling(
    [
      { classes: camvid11, map: camvidIds },
      { classes: cityscapes19, map: camvidToCityscapes },
    ],
    options,
  );
  return openFiles(split ? `camvid ${split}` : "camvid", layout, options, labelling);
}
