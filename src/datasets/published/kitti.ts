import { join } from "node:path";
import { z } from "zod";
import { fileDataset } from "../files/file-dataset.js";
import { fromCityscapesIds } from "../files/labelling.js";

/**
 * KITTI semantics (Alhaija et al., IJCV 2018): training/image_2/000000_10.png,
 * training/semantic/000000_10.png with Cityscapes label ids; testing/ has only images.
 */
export const kitti = fileDataset<{ split: string }>("kitti", {
  options: { split: z.enum(["training", "testing"]).default("training") },
  layout: ({ root, split }) => ({
    root,
    expected: `the KITTI semantics layout: ${split}/image_2/*.png, ${split}/semantic/*.png`,
    folders: [{ images: join(root, split, "image_2"), labels: join(root, split, "semantic") }],
  }),
  labellings: [fromCityscapesIds],
});
