import { join } from "node:path";
import { z } from "zod";
import { cityscapes19 } from "./class-sets.js";
import type { Dataset } from "./dataset.js";
import { openFiles } from "./file-dataset.js";
import { synthiaIds } from "./label-maps.js";
import { commonOptions, resolveLabelling } from "./options.js";

/**
 * Options of SYNTHIA-RAND-CITYSCAPES (Ros et al., CVPR 2016): RGB/0000000.png,
 * GT/LABELS/0000000.png.
 */
export const synthiaSchema = z.strictObject({ type: z.literal("synthia"), ...commonOptions });

/**
 * Opens SYNTHIA-RAND-CITYSCAPES; the class id is in the first channel of 16-bit labels. Train ids
 * are those of the 19 Cityscapes classes unless `classes` says otherwise (`synthia16`).
 */
export async function openSynthia(options: z.infer<typeof synthiaSchema>): Promise<Dataset> {
  const { root } = options;
  const layout = {
    root,
    expected: "the SYNTHIA-RAND-CITYSCAPES layout: RGB/0000000.png, GT/LABELS/0000000.png",
    folders: [{ images: join(root, "RGB"), labels: join(root, "GT", "LABELS") }],
  };
  const labelling = await resolveLabelling([{ classes: cityscapes19, map: synthiaIds }], options);
  return openFiles("synthia", layout, options, labelling);
}
