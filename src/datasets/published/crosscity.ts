import { join } from "node:path";
import { z } from "zod";
import { cityscapes19, synthia13 } from "../class-sets.js";
import { fileDataset } from "../files/file-dataset.js";
import { cityscapesIds, thenMap } from "../files/label-maps.js";

const cities = ["Rome", "Rio", "Tokyo", "Taipei"] as const;

/** Cityscapes train ids to the 13 classes of the set, those of SYNTHIA's second protocol. */
const to13 = new Map(
  cityscapes19.names.flatMap((name, trainId) => {
    const index = synthia13.names.indexOf(name);
    return index < 0 ? [] : [[trainId, index] as const];
  }),
);

/**
 * NTHU CrossCity (Chen et al., ICCV 2017): {city}/Images/Train/*.png without labels,
 * {city}/Images/Test/*.png with {city}/Labels/Test/*_eval.png with Cityscapes label ids.
 */
export const crosscity = fileDataset<{ city: string; split: string }>("crosscity", {
  options: { city: z.enum(cities), split: z.enum(["train", "test"]).default("train") },
  layout: ({ root, city, split }) => {
    const half = split === "train" ? "Train" : "Test";
    return {
      root,
      expected: `the CrossCity layout: ${city}/Images/{Train,Test}/*.png, ${city}/Labels/Test/*_eval.png`,
      folders: [
        { images: join(root, city, "Images", half), labels: join(root, city, "Labels", half) },
      ],
      labelSuffix: "_eval",
    };
  },
  labellings: [
    { classes: synthia13, map: thenMap(cityscapesIds, to13), coding: "cityscapes ids" },
    { classes: cityscapes19, map: cityscapesIds, coding: "cityscapes ids" },
  ],
});
