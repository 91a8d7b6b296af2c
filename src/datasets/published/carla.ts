import { join } from "node:path";
import { z } from "zod";
import { cityscapes19 } from "../class-sets.js";
import { fileDataset } from "../files/file-dataset.js";
import { mapByName } from "../files/label-maps.js";

/** Semantic tags by the first release that has them. 0.9.14 renumbered them after Cityscapes. */
const tags = {
  "0.9.14": {
    road: [1, 24], // and its markings
    sidewalk: [2],
    building: [3],
    wall: [4],
    fence: [5],
    pole: [6],
    "traffic light": [7],
    "traffic sign": [8],
    vegetation: [9],
    terrain: [10],
    sky: [11],
    person: [12],
    rider: [13],
    car: [14],
    truck: [15],
    bus: [16],
    train: [17],
    motorcycle: [18],
    bicycle: [19],
  },
  // One tag for all vehicles, most of which are cars.
  "0.9.10": {
    building: [1],
    fence: [2],
    person: [4],
    pole: [5],
    road: [6, 7],
    sidewalk: [8],
    vegetation: [9],
    car: [10],
    wall: [11],
    "traffic sign": [12],
    sky: [13],
    "traffic light": [18],
    terrain: [22],
  },
} as const satisfies Record<string, Record<string, readonly number[]>>;

/** The tag is the red channel of an image whose other channels are 0. */
function redChannel(values: Readonly<Record<string, readonly number[]>>) {
  const colors = Object.entries(values).map(([name, list]) => [name, list.map((tag) => tag << 16)]);
  return mapByName(cityscapes19, Object.fromEntries(colors), "color");
}

type Folders = { images: string; labels: string };

const layout = ({ root, images, labels }: Folders & { root: string }) => ({
  root,
  expected: `a CARLA export: ${images}/ with camera images, ${labels}/ with raw semantic images of the same names`,
  folders: [{ images: join(root, images), labels: join(root, labels) }],
});

const own = {
  /** Folders of the camera's and of the semantic camera's images. */
  images: z.string().default("rgb"),
  labels: z.string().default("semantic"),
};

/**
 * Recordings of CARLA (Dosovitskiy et al., CoRL 2017), 0.9.14 or newer: RGB images and raw images of the
 * semantic camera, whose red channel is the tag.
 */
export const carla = fileDataset<Folders>("carla", {
  options: own,
  layout,
  labellings: [{ classes: cityscapes19, map: redChannel(tags["0.9.14"]) }],
});

/** The same, with the tags of CARLA 0.9.10 to 0.9.13. */
export const carlaBefore14 = fileDataset<Folders>("carla-0.9.10", {
  options: own,
  layout,
  labellings: [{ classes: cityscapes19, map: redChannel(tags["0.9.10"]) }],
});
