import { cat, scope, type Tensor } from "../torch/index.js";
import type { Step } from "./steps.js";

/** The rows of a strip, and how rows of the result depend on rows of the input. */
export interface Strips {
  /** Rows of the input per strip. A multiple of 1 / scale, like the halo. */
  readonly rows: number;
  /** Rows above and below on which a row of the result depends. */
  readonly halo: number;
  /** Rows of the result per row of the input. */
  readonly scale: number;
}

/**
 * Runs a step that depends on neighbouring pixels only, strip by strip: the same values with a
 * fraction of the memory. Not for training, whose graph would keep every strip.
 */
export function inStrips(step: Step, { rows, halo, scale }: Strips): Step {
  return (x) => {
    const height = x.size(2);
    const strip = (top: number) =>
      scope(() => {
        const bottom = Math.min(height, top + rows);
        const from = Math.max(0, top - halo);
        const made = step(x.slice(2, from, Math.min(height, bottom + halo)));
        const skipped = (top - from) * scale;
        return made.slice(2, skipped, skipped + Math.ceil((bottom - top) * scale));
      });
    return scope(() => {
      const tops = Array.from({ length: Math.ceil(height / rows) }, (_, i) => i * rows);
      const strips: Tensor[] = tops.map(strip);
      return strips.length === 1 ? (strips[0] as Tensor) : cat(strips, 2);
    });
  };
}
