import { join } from "node:path";
import { z } from "zod";
import { cityscapes19 } from "../class-sets.js";
import { fileDataset } from "../files/file-dataset.js";
import { isFolder } from "../files/find-files.js";
import { mapByName } from "../files/label-maps.js";

/** The colours of its colors.txt. Guard rails, "misc" and undefined pixels are ignored. */
const colors = mapByName(
  cityscapes19,
  {
    road: [0x643c64],
    building: [0x8c8c8c],
    pole: [0xff8200],
    "traffic light": [0xc8c800],
    "traffic sign": [0xffff00],
    vegetation: [0x00c700, 0x5af000], // trees and the rest
    terrain: [0xd200c8],
    sky: [0x5ac8ff],
    car: [0xff7f50, 0x008b8b], // and vans
    truck: [0xa03c3c],
  },
  "color",
);

const scenes = ["01", "02", "06", "18", "20"] as const;
const conditions = [
  "clone",
  "fog",
  "morning",
  "overcast",
  "rain",
  "sunset",
  "15-deg-left",
  "15-deg-right",
  "30-deg-left",
  "30-deg-right",
] as const;

/**
 * Virtual KITTI 2 (Cabon et al., 2020): Scene01/{condition}/frames/rgb/Camera_0/rgb_00000.jpg,
 * Scene01/{condition}/frames/classSegmentation/Camera_0/classgt_00000.png, labels in colours.
 */
export const virtualKitti = fileDataset<{ condition: string; camera: number }>("virtual-kitti-2", {
  options: {
    condition: z.enum(conditions).default("clone"),
    camera: z.union([z.literal(0), z.literal(1)]).default(0),
  },
  layout: async ({ root, condition, camera }) => {
    const there: string[] = [];
    for (const scene of scenes) if (await isFolder(join(root, `Scene${scene}`))) there.push(scene);
    return {
      root,
      expected:
        `the Virtual KITTI 2 layout: Scene01/${condition}/frames/rgb/Camera_${camera}/rgb_00000.jpg, ` +
        `Scene01/${condition}/frames/classSegmentation/Camera_${camera}/classgt_00000.png`,
      folders: (there.length > 0 ? there : [scenes[0]]).map((scene) => {
        const frames = join(root, `Scene${scene}`, condition, "frames");
        return {
          images: join(frames, "rgb", `Camera_${camera}`),
          labels: join(frames, "classSegmentation", `Camera_${camera}`),
          prefix: `Scene${scene}/`,
        };
      }),
      keyOf: (stem: string) => stem.replace(/^(rgb|classgt)_/, ""),
    };
  },
  labellings: [{ classes: cityscapes19, map: colors }],
});
