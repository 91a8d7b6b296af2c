import { UserError } from "../../errors.js";
import type { RawLabel } from "../dataset.js";
import type { LabelMap } from "./label-maps.js";
import { eightBit } from "./labels.js";

/** Checks one label of a data set, given its path. @throws UserError */
export type DepthCheck = (label: RawLabel, path: string) => void;

/**
 * A check that grey labels mean the same in every file of a data set. Converters such as ImageMagick store a
 * mask of 0 and 255 with 1 bit per pixel, and other labels with 2 or 4: a grey level then has another
 * number, and 255, which is ignored, becomes class 1. Palette indices stay as they are.
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
      wide = seen; // what narrow files are compared with from now on
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

/** Refuses a label if the mapping has both its values and what these would be in 8 bits. */
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
