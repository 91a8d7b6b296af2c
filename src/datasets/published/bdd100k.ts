import { join } from "node:path";
import { fileDataset } from "../files/file-dataset.js";
import { fromTrainIds } from "../files/labelling.js";
import { cityscapesSplit } from "./cityscapes.js";

/**
 * BDD100K, semantic segmentation (Yu et al., CVPR 2020): images/10k/{split}/*.jpg,
 * labels/sem_seg/masks/{split}/*.png with Cityscapes train ids.
 */
export const bdd100k = fileDataset<{ split: string }>("bdd100k", {
  options: { split: cityscapesSplit },
  layout: ({ root, split }) => ({
    root,
    expected: `the BDD100K layout: images/10k/${split}/*.jpg, labels/sem_seg/masks/${split}/*.png`,
    folders: [
      {
        images: join(root, "images", "10k", split),
        labels: join(root, "labels", "sem_seg", "masks", split),
      },
    ],
  }),
  labellings: [fromTrainIds],
});
