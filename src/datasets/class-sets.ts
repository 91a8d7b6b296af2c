import type { ClassSet, Color } from "./dataset.js";
import { distinctColor } from "./distinct-colors.js";

/** The 19 Cityscapes classes in train-id order, with the colours of the benchmark. */
export const cityscapes19: ClassSet = table([
  ["road", [128, 64, 128]],
  ["sidewalk", [244, 35, 232]],
  ["building", [70, 70, 70]],
  ["wall", [102, 102, 156]],
  ["fence", [190, 153, 153]],
  ["pole", [153, 153, 153]],
  ["traffic light", [250, 170, 30]],
  ["traffic sign", [220, 220, 0]],
  ["vegetation", [107, 142, 35]],
  ["terrain", [152, 251, 152]],
  ["sky", [70, 130, 180]],
  ["person", [220, 20, 60]],
  ["rider", [255, 0, 0]],
  ["car", [0, 0, 142]],
  ["truck", [0, 0, 70]],
  ["bus", [0, 60, 100]],
  ["train", [0, 80, 100]],
  ["motorcycle", [0, 0, 230]],
  ["bicycle", [119, 11, 32]],
]);

/** The 11 CamVid classes, in the order of the ids in its 480x360 version. */
export const camvid11: ClassSet = table([
  ["sky", [128, 128, 128]],
  ["building", [128, 0, 0]],
  ["pole", [192, 192, 128]],
  ["road", [128, 64, 128]],
  ["pavement", [60, 40, 222]],
  ["tree", [128, 128, 0]],
  ["sign", [192, 128, 128]],
  ["fence", [64, 64, 128]],
  ["car", [64, 0, 128]],
  ["pedestrian", [64, 64, 0]],
  ["bicyclist", [0, 128, 192]],
]);

/** The Cityscapes classes that SYNTHIA has: all but terrain, truck and train. */
export const synthia16: ClassSet = without(cityscapes19, ["terrain", "truck", "train"]);

/** The 13 classes of the second SYNTHIA protocol: also without wall, fence and pole. */
export const synthia13: ClassSet = without(synthia16, ["wall", "fence", "pole"]);

/**
 * The names of the classes of one set in another set, which divides the world differently. A class that is
 * not listed does not have a counterpart. CamVid has one class for all signs and lights, and none for lorries.
 */
export const conversions: readonly {
  readonly from: ClassSet;
  readonly to: ClassSet;
  readonly names: Readonly<Record<string, string>>;
}[] = [
  {
    from: cityscapes19,
    to: camvid11,
    names: {
      road: "road",
      sidewalk: "pavement",
      building: "building",
      wall: "building",
      fence: "fence",
      pole: "pole",
      "traffic light": "sign",
      "traffic sign": "sign",
      vegetation: "tree",
      sky: "sky",
      person: "pedestrian",
      rider: "bicyclist",
      car: "car",
      truck: "car",
      bus: "car",
      motorcycle: "bicyclist",
      bicycle: "bicyclist",
    },
  },
];

/** The class sets by the names that `classes` accepts. */
export const classSets = {
  cityscapes: cityscapes19,
  camvid: camvid11,
  synthia16,
  synthia13,
} as const satisfies Record<string, ClassSet>;

/**
 * A class set of these names. A class without a colour gets that of the known sets or, if its name is not
 * known, one that is distinct from all others in the list.
 */
export function classSetOf(
  classes: readonly (string | { readonly name: string; readonly color?: Color | undefined })[],
  ...prefer: readonly ClassSet[]
): ClassSet {
  const named = classes.map((entry) => (typeof entry === "string" ? { name: entry } : entry));
  const known = [...prefer, cityscapes19, camvid11];
  const colors = named.map((entry): Color | undefined => {
    if ("color" in entry && entry.color) return entry.color;
    const set = known.find(({ names }) => names.includes(entry.name));
    return set?.colors[set.names.indexOf(entry.name)];
  });
  for (const [index, color] of colors.entries()) {
    if (color) continue;
    const used = colors.flatMap((other) => (other ? [other] : []));
    colors[index] = distinctColor(index, used);
  }
  return { names: named.map(({ name }) => name), colors: colors as Color[] };
}

function table(rows: readonly (readonly [string, Color])[]): ClassSet {
  return { names: rows.map(([name]) => name), colors: rows.map(([, color]) => color) };
}

function without(set: ClassSet, left: readonly string[]): ClassSet {
  const kept = set.names.flatMap((name, index) => (left.includes(name) ? [] : [index]));
  return {
    names: kept.map((index) => set.names[index] as string),
    colors: kept.map((index) => set.colors[index] as Color),
  };
}
