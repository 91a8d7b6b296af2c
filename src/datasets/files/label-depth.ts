import { UserError } from "../../errors.js";
import type { RawLabel } from "../dataset.js";
import type { LabelMap } from "./label-maps.js";
import { eightBit } from "./labels.js";

/** Checks one label of a data set, given its path. @throws UserError */
export type DepthCheck = (label: RawLabel, path: string) => void;

/**
 * Returns a check that grey levels have the same meaning in all labels of a data set. Converters such as
 * ImageMagick store a mask of 0 and 255 with 1 bit per pixel, and other labels with 2 or 4: the number of a
 * level then changes, and 255, which is ignored, becomes class 1. Palette indices do not change.
 */
export function depthCheck(map: LabelMap): DepthCheck {
  let narrow: Seen | undefined;
  let wide: Seen | undefined;
  return ({ indexed, depth, values }, path) => {
    if (indexed || map.key === "color") return;
    const seen = { path, depth };
    if (depth < 8) {
      if (map.written) requireOneMeaning(values, map, seen);
      if (wide !== undefined) throw mixed(seen, wide);
      narrow ??= seen;
    } else if (wide === undefined) {
      wide = seen;
      if (narrow !== undefined) throw mixed(narrow, wide);
    }
  };
}

/** A label file and the bits of its pixels. */
interface Seen {
  readonly path: string;
  readonly depth: number;
}

const bits = (depth: number) => `${depth} bit${depth === 1 ? "" : "s"} per pixel`;

const mixed = (narrow: Seen, wide: Seen): UserError =>
  new UserError(
    "label-value",
    `${narrow.path}: the label has ${bits(narrow.depth)}, but ${wide.path} has ${wide.depth}: a converter ` +
      "may have changed its values (255 to 1); store all labels with 8 bits.",
  );

/** Throws if the mapping has both a value of the label and the 8-bit level of that value. */
function requireOneMeaning(values: RawLabel["values"], map: LabelMap, { path, depth }: Seen): void {
  for (const value of new Set(values)) {
    const level = eightBit(value, depth);
    const [own, other] = [map.trainIds.get(value), map.trainIds.get(level)];
    if (own === undefined || other === undefined || own === other) continue;
    throw new UserError(
      "label-value",
      `${path}: the label has ${bits(depth)}, so its ${value} may have been ${level} before it was ` +
        "converted, and `mapping` has both: store it with 8 bits, or remove the wrong key.",
    );
  }
}
