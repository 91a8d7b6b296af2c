import { UserError } from "../../errors.js";
import { type ClassSet, IGNORE, type RawLabel } from "../dataset.js";
import { eightBit } from "./labels.js";

/** Maps the values of a label file (ids, or colours as 0xrrggbb) to train ids. */
export interface LabelMap {
  /** Whether the keys are pixel values or colours. */
  readonly key: "id" | "color";
  readonly trainIds: ReadonlyMap<number, number>;
  /** What to do with a value that is not in the map. */
  readonly otherwise: "ignore" | "error";
  /** Whether it is the `mapping` of a configuration. */
  readonly written?: boolean;
  /** For values that have names: what is wrong with a value outside the map, and what to do. */
  readonly explain?: (value: number) => string;
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
 * CamVid ids to Cityscapes train ids. CamVid's bicyclist includes the bicycle; it becomes rider (12)
 * rather than bicycle (18), because most of its pixels show the person.
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

/** Train ids of the 19 classes, as some sets store them. 255 is ignored; other values are an error. */
export const trainIds19 = identityMap(19, "error");

/**
 * A published map by class name: each class of `classes` with its label values. Other values are ignored.
 */
export function mapByName(
  classes: ClassSet,
  values: Readonly<Record<string, readonly number[]>>,
  key: LabelMap["key"] = "id",
): LabelMap {
  const pairs = Object.entries(values).flatMap(([name, list]) => {
    const trainId = classes.names.indexOf(name);
    if (trainId < 0) throw new Error(`${name} is not one of ${classes.names.join(", ")}`);
    return list.map((value) => [value, trainId] as const);
  });
  return { key, trainIds: new Map(pairs), otherwise: "ignore" };
}

/** Keeps the ids 0..classes-1 and ignores 255; `otherwise` applies to other values. */
export function identityMap(classes: number, otherwise: LabelMap["otherwise"]): LabelMap {
  const trainIds = new Map(Array.from({ length: classes }, (_, id) => [id, id]));
  return { key: "id", trainIds: trainIds.set(IGNORE, IGNORE), otherwise };
}

/** Applies `map`, then replaces each train id by that of `next`, or by IGNORE if `next` has none. */
export function thenMap(map: LabelMap, next: ReadonlyMap<number, number>): LabelMap {
  const trainIds = new Map<number, number>();
  for (const [from, to] of map.trainIds) trainIds.set(from, next.get(to) ?? IGNORE);
  return { ...map, trainIds };
}

/**
 * Train ids of a raw label, row-major, [height * width].
 * @throws UserError naming `path`, the value and its first position, if a strict map does not have it
 */
export function toTrainIds(label: RawLabel, map: LabelMap, path: string): Uint8Array {
  const { values } = label;
  const trainIds = new Uint8Array(values.length);
  const fallback = map.otherwise === "ignore" ? IGNORE : undefined;
  // Labels contain long runs of one value: look up once per run, not per pixel.
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

/** The error for a label whose first value outside the map is at `pixel`. */
function outsideMap(map: LabelMap, label: RawLabel, pixel: number, path: string) {
  const { values, width, depth, indexed } = label;
  if (map.explain) {
    const at = `x ${pixel % width}, y ${Math.floor(pixel / width)}`;
    const why = map.explain(values[pixel] as number);
    return new UserError("label-value", `${path}: at ${at}, ${why}.`);
  }
  const named = (value: number) => (map.key === "color" ? `"${hexColor(value)}"` : `${value}`);
  const [key = "", ...others] = [...new Set(values.subarray(pixel))]
    .filter((value) => !map.trainIds.has(value))
    .map(named);
  const shown = others.length > MOST_NAMED ? [...others.slice(0, MOST_NAMED), "..."] : others;
  const missing =
    others.length > 0
      ? `; ${shown.join(", ")} ${others.length > 1 ? "are" : "is"} missing, too`
      : "";
  const keys = [...map.trainIds.keys()];
  const known =
    map.key === "color"
      ? `${keys.length} other colour${keys.length === 1 ? "" : "s"}`
      : `ids ${ranges(keys)}`;
  const value = values[pixel] as number;
  const level =
    depth < 8 && !indexed && map.key === "id"
      ? ` (the PNG has ${depth}-bit pixels: in 8 bits, its ${value} is ${eightBit(value, depth)})`
      : "";
  return new UserError(
    "label-value",
    `${path}: label ${map.key === "color" ? "colour" : "id"} ${key} at x ${pixel % width}, ` +
      `y ${Math.floor(pixel / width)} is not in the mapping, which has ${known}${missing}: add ` +
      `\`${key}: <class>\` to \`mapping\`, or \`${key}: 255\` to ignore these pixels${level}.`,
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
