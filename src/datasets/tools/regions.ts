import { UserError } from "../../errors.js";
import type { RawLabel, Size } from "../dataset.js";
import type { Annotation } from "../files/layout.js";
import { whyUnreadable } from "../files/regular-file.js";

/** Values of a label while it is drawn, row-major, [height * width]. */
export interface Canvas extends Size {
  readonly values: Uint16Array;
}

/** Sets the pixels of one region to `value`; parts outside the canvas are left out. */
export type Paint = (canvas: Canvas, value: number) => void;

/** An annotated region of an image. */
export interface Region {
  /** Index of its class in the export. */
  readonly value: number;
  readonly paint: Paint;
}

/** The value of pixels that no region covers. */
export const UNLABELLED = 65535;

/** Draws regions in their order: later ones cover earlier ones. */
export function drawRegions(regions: readonly Region[], { width, height }: Size): RawLabel {
  const values = new Uint16Array(width * height).fill(UNLABELLED);
  for (const { value, paint } of regions) paint({ width, height, values }, value);
  return { width, height, values, depth: 16, indexed: true };
}

/** The annotation of an image, as regions that are drawn whenever the label is read. */
export function drawnAnnotation(
  path: string,
  size: Size | undefined,
  regions: readonly Region[],
): Annotation {
  return {
    path,
    size,
    empty: regions.length === 0,
    draw(size) {
      try {
        return drawRegions(regions, size);
      } catch (error) {
        throw new UserError(
          "label-unreadable",
          `${path}: a mask is damaged (${whyUnreadable(error)}): export it again.`,
          { cause: error },
        );
      }
    },
  };
}

/** The values that occur in regions. */
export const valuesIn = (regions: Iterable<readonly Region[]>): ReadonlySet<number> =>
  new Set([...regions].flatMap((list) => list.map(({ value }) => value)));

/** Paints all of these. */
export const together =
  (parts: readonly Paint[]): Paint =>
  (canvas, value) => {
    for (const paint of parts) paint(canvas, value);
  };
