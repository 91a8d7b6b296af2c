import { IGNORE, type Size } from "../datasets/dataset.js";

/** Accumulates IoU along the contours of regions, to which IoU of whole regions is insensitive. */
export interface BoundaryScore {
  /** Adds an image: train ids [height * width]. */
  add(label: Uint8Array, prediction: Uint8Array, size: Size): void;
  /** Boundary IoU per class, 0..1; NaN for a class in neither labels nor predictions. */
  iou(): number[];
  /** Mean over the classes that occur in the labels. */
  mean(): number;
}

/**
 * Boundary IoU (Cheng et al., CVPR 2021): intersection over union of the pixels within `d` of their
 * own region's contour, d = 2 % of the image's diagonal, summed over all images. The image's border is a
 * contour, as in the paper's code. Ignored pixels are also ignored in the prediction, so that their
 * outline is the same in both.
 */
export function createBoundaryScore(classes: number, dilation = 0.02): BoundaryScore {
  const both = new Float64Array(classes);
  const either = new Float64Array(classes);
  const labelled = new Set<number>();
  return {
    add(label, prediction, size) {
      const reach = Math.max(1, Math.round(dilation * Math.hypot(size.width, size.height)));
      const masked = prediction.map((value, i) => (label[i] === IGNORE ? IGNORE : value));
      const truthInside = interior(label, size, reach);
      const guessInside = interior(masked, size, reach);
      for (let i = 0; i < label.length; i++) {
        const truth = label[i] as number;
        if (truth === IGNORE) continue;
        labelled.add(truth);
        const guess = masked[i] as number;
        const hit = truth === guess && truthInside[i] === 0 && guessInside[i] === 0;
        if (hit) {
          both[truth] = (both[truth] as number) + 1;
          either[truth] = (either[truth] as number) + 1;
          continue;
        }
        if (truthInside[i] === 0) either[truth] = (either[truth] as number) + 1;
        if (guessInside[i] === 0) either[guess] = (either[guess] as number) + 1;
      }
    },
    iou: () => Array.from(both, (count, k) => count / (either[k] as number)),
    mean() {
      const all = this.iou();
      return [...labelled].reduce((sum, k) => sum + (all[k] as number), 0) / labelled.size;
    },
  };
}

/** 1 where the square of `reach` pixels to each side is inside the image and has one class. */
function interior(ids: Uint8Array, { width, height }: Size, reach: number): Uint8Array {
  const across = new Int16Array(ids.length).fill(-1); // the class of the window in the row, if it has one class
  for (let y = 0; y < height; y++) {
    for (let x = 0, run = 0; x < width; x++) {
      const at = y * width + x;
      run = x > 0 && ids[at] === ids[at - 1] ? run + 1 : 1;
      if (run > 2 * reach) across[at - reach] = ids[at] as number;
    }
  }
  const inside = new Uint8Array(ids.length);
  for (let x = 0; x < width; x++) {
    for (let y = 0, run = 0; y < height; y++) {
      const at = y * width + x;
      run = y > 0 && across[at] === across[at - width] ? run + 1 : 1;
      if (run > 2 * reach && across[at] !== -1) inside[at - reach * width] = 1;
    }
  }
  return inside;
}
