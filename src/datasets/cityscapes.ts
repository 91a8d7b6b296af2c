import { join } from "node:path";
import { z } from "zod";
import { cityscapes19 } from "./class-sets.js";
import type { Dataset } from "./dataset.js";
import { openFiles } from "./file-dataset.js";
import { cityscapesIds } from "./label-maps.js";
import { commonOptions, resolveLabelling } from "./options.js";

/**
 * Options of Cityscapes (Cordts et al., CVPR 2016):
 * leftImg8bit/{split}/{city}/*_leftImg8bit.png, gtFine/{split}/{city}/*_gtFine_labelIds.png.
 */
export const cityscapesSchema = z.strictObject({
  type: z.literal("cityscapes"),
  split: z.enum(["train", "val", "test"]).default("train"),
  ...commonOptions,
});

/** Opens a split of Cityscapes; without gtFine/{split}, as an unlabelled target. */
export async function openCityscapes(options: z.infer<typeof cityscapesSchema>): Promise<Dataset> {
  const { root, split } = options;
  const layout = {
    root,
    expected:
      `the Cityscapes layout: leftImg8bit/${split}/{city}/*_leftImg8bit.png, ` +
      `gtFine/${split}/{city}/*_gtFine_labelIds.png`,
    folders: [{ images: join(root, "leftImg8bit", split), labels: join(root, "gtFine", split) }],
    imageSuffix: "_leftImg8bit",
    labelSuffix: "_gtFine_labelIds",
    nameOf: (stem: string) => stem.slice(stem.lastIndexOf("/") + 1), // the city is in the name
  };
  const labelling = await resolveLabelling(
    [{ classes: cityscapes19, map: cityscapesIds }],
    options,
  );
  return openFiles(`cityscapes ${split}`, layout, options, labelling);
}
