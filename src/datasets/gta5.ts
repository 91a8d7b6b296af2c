import { join } from "node:path";
import { z } from "zod";
import { cityscapes19 } from "./class-sets.js";
import type { Dataset } from "./dataset.js";
import { openFiles } from "./file-dataset.js";
import { cityscapesIds } from "./label-maps.js";
import { commonOptions, resolveLabelling } from "./options.js";

/** Options of GTA5 (Richter et al., ECCV 2016): images/00001.png, labels/00001.png. */
export const gta5Schema = z.strictObject({ type: z.literal("gta5"), ...commonOptions });

/** Opens GTA5; its labels are palette PNGs of Cityscapes label ids. */
export async function openGta5(options: z.infer<typeof gta5Schema>): Promise<Dataset> {
  const { root } = options;
  const layout = {
    root,
    expected: "the GTA5 layout: images/00001.png, labels/00001.png",
    folders: [{ images: join(root, "images"), labels: join(root, "labels") }],
  };
  const labelling = await resolveLabelling(
    [{ classes: cityscapes19, map: cityscapesIds }],
    options,
  );
  return openFiles("gta5", layout, options, labelling);
}
