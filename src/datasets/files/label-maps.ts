import { UserError } from "../../errors.js";
import { type ClassSet, IGNORE, type RawLabel } from "../dataset.js";
import { eightBit } from "./labels.js";

/** From what a label file holds (ids, or colours as 0xrrggbb) to train ids. */
export interface LabelMap {
  /** What the keys are: pixel values, or colours. */
  readonly key: "id" | "color";
  readonly trainIds: ReadonlyMap<number, number>;
  /** What becomes of a value that is not in the map. */
  readonly otherwise: "ignore" | "error";
  /** Whether it comes from a \`mapping\` that a user wrote. */
  readonly written?: boolean;
}

/** Cityscapes and GTA5 label ids to Cityscapes train ids. */
export const cityscapesIds = published([
  [7, 0],
  [8, 1],
  [11, 2],
  [12, 3],
  [13, 4],
  [17, 5],
  [19, 6],
  [20, 7],
  [21, 8],
  [22, 9],
  [23, 10],
  [24, 11],
  [25, 12],
  [26, 13],
  [27, 14],
  [28, 15],
  [31, 16],
  [32, 17],
  [33, 18],
]);

/** SYNTHIA-RAND-CITYSCAPES ids to Cityscapes train ids. */
export const synthiaIds = published([
  [1, 10],
  [2, 2],
  [3, 0],
  [4, 1],
  [5, 4],
  [6, 8],
  [7, 5],
  [8, 13],
  [9, 7],
  [10, 11],
  [11, 18],
  [12, 17],
  [15, 6],
  [17, 12],
  [19, 15],
  [21, 3],
]);

/** CamVid ids to themselves; 11, void, is ignored. */
export const camvidIds = identityMap(11, "ignore");

/**
 * CamVid ids to Cityscapes train ids. CamVid's bicyclist is person and bicycle in one; it becomes
 * rider (12) and not bicycle (18), because most of its pixels show the person.
 */
export const camvidToCityscapes = published([
  [0, 10],
  [1, 2],
  [2, 5],
  [3, 0],
  [4, 1],
  [5, 8],
  [6, 7],
  [7, 4],
  [8, 13],
  [9, 11],
  [10, 12],
]);

/** Train ids of the 19 classes as some sets store them; 255 is ignored, anything else is an error. */
export const trainIds19 = identityMap(19, "error");

/**
 * A published map written by name: each class of `classes` with the label values that mean it.
 * Values that are not listed are ignored.
 */
export function mapByName(
  classes: ClassSet,
  values: Readonly<Record<string, readonly number[]>>,
  key: LabelMap["key"] = "id",
): LabelMap {
  const pairs = Object.entries(values).flatMap(([name, list]) => {
    const trainId = classes.names.indexOf(name);
    if (trainId < 0) throw new Error(`${name} is no class of ${classes.names.join(", ")}`);
    return list.map((value) => [value, trainId] as const);
  });
  return { key, trainIds: new Map(pairs), otherwise: "ignore" };
}

/** Ids 0..classes-1 stay as they are and 255 is ignored; `otherwise` says what the rest is. */
export function identityMap(classes: number, otherwise: LabelMap["otherwise"]): LabelMap {
  const trainIds = new Map(Array.from({ length: classes }, (_, id) => [id, id]));
  return { key: "id", trainIds: trainIds.set(IGNORE, IGNORE), otherwise };
}

/** The map that first applies `map` and then replaces each train id by `next`'s, IGNORE if none. */
export function thenMap(map: LabelMap, next: ReadonlyMap<number, number>): LabelMap {
  const trainIds = new Map<number, number>();
  for (const [from, to] of map.trainIds) trainIds.set(from, next.get(to) ?? IGNORE);
  return { ...map, trainIds };
}

/**
 * Train ids of a raw label, row-major, [height * width].
 * @throws UserError naming `path`, the value and its first position, where a strict map lacks it
 */
export function toTrainIds(label: RawLabel, map: LabelMap, path: string): Uint8Array {
  const { values } = label;
  const trainIds = new Uint8Array(values.length);
  const fallback = map.otherwise === "ignore" ? IGNORE : undefined;
  // Labels come in long runs of one value: a lookup per run, not per pixel.
  let last = -1;
  let trainId = IGNORE;
  for (let pixel = 0; pixel < values.length; pixel++) {
    const value = values[pixel] as number;
    if (value !== last) {
      last = value;
      const found = map.trainIds.get(value) ?? fallback;
      if (found === undefined) throw outsideMap(map, label, pixel, path);
      trainId = found;
    }
    trainIds[pixel] = trainId;
  }
  return trainIds;
}

/** A colour as "#rrggbb" of its 0xrrggbb value. */
export function hexColor(value: number): string {
  return `#${value.toString(16).padStart(6, "0")}`;
}

/** The error of a label whose first value outside the map is at `pixel`. */
function outsideMap(map: LabelMap, label: RawLabel, pixel: number, path: string) {
  const { values, width, depth, indexed } = label;
  const named = (value: number) => (map.key === "color" ? `"${hexColor(value)}"` : `${value}`);
  const [key = "", ...others] = [...new Set(values.subarray(pixel))]
    .filter((value) => !map.trainIds.has(value))
    .map(named);
  const shown = others.length > MOST_NAMED ? [...others.slice(0, MOST_NAMED), "..."] : others;
  const nor =
    others.length > 0 ? `, nor ${others.length > 1 ? "are" : "is"} ${shown.join(", ")}` : "";
  const keys = [...map.trainIds.keys()];
  const known =
    map.key === "color"
      ? `${keys.length} other colour${keys.length === 1 ? "" : "s"}`
      : `ids ${ranges(keys)}`;
  const value = values[pixel] as number;
  const level =
    depth < 8 && !indexed && map.key === "id"
      ? `; the PNG has ${depth}-bit pixels: in 8 bits, its ${value} is ${eightBit(value, depth)}`
      : "";
  return new UserError(
    "label-value",
    `${path}: label ${map.key === "color" ? "colour" : "id"} ${key} at x ${pixel % width}, ` +
      `y ${Math.floor(pixel / width)} is not in the mapping, which knows ${known}${nor}: add ` +
      `\`${key}: <class>\` to \`mapping\` (\`${key}: 255\` ignores these pixels)${level}.`,
  );
}

const MOST_NAMED = 12;

/** Whole numbers as short ranges: 0-3, 7, 255. */
function ranges(ids: readonly number[]): string {
  const sorted = [...ids].sort((a, b) => a - b);
  const runs: [number, number][] = [];
  for (const id of sorted) {
    const run = runs.at(-1);
    if (run && id === run[1] + 1) run[1] = id;
    else runs.push([id, id]);
  }
  return runs.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`)).join(", ");
}

function published(pairs: readonly (readonly [number, number])[]): LabelMap {
  return { key: "id", trainIds: new Map(pairs), otherwise: "ignore" };
}
