import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { IGNORE } from "../../src/datasets/dataset.js";
import { addToConfusion, createConfusion, scores } from "../../src/evaluate/index.js";

/** The confusion matrix of one image. */
function confusionOf(classes: number, label: ArrayLike<number>, prediction: ArrayLike<number>) {
  const confusion = createConfusion(classes);
  addToConfusion(confusion, label, prediction);
  return confusion;
}

describe("confusion matrix", () => {
  test("rows are the truth, columns the prediction; ignored pixels are in neither", () => {
    const label = [0, 0, 0, 1, 1, 2, IGNORE, IGNORE];
    const prediction = [0, 0, 1, 1, 2, 0, 0, 2];
    expect([...confusionOf(3, label, prediction).counts]).toEqual([2, 1, 0, 0, 1, 1, 1, 0, 0]);
  });

  test("images add up", () => {
    const confusion = createConfusion(2);
    addToConfusion(confusion, [0, 1], [0, 0]);
    addToConfusion(confusion, Uint8Array.of(1, 1), Uint8Array.of(1, 0));
    expect([...confusion.counts]).toEqual([1, 0, 2, 1]);
  });
});

describe("scores", () => {
  test("by hand", () => {
    // Class 0: 2 hits, 1 missed, 1 false; class 1: 1, 1, 1; class 2: 0, 1, 1.
    const { iou, miou, accuracy } = scores(
      confusionOf(3, [0, 0, 0, 1, 1, 2, IGNORE, IGNORE], [0, 0, 1, 1, 2, 0, 0, 2]),
    );
    expect(iou).toEqual([2 / 4, 1 / 3, 0]);
    expect(miou).toBeCloseTo((1 / 2 + 1 / 3 + 0) / 3, 15);
    expect(accuracy).toBe(3 / 6);
  });

  test("a class that nothing shows and nobody claims has no IoU, and no part in the mean", () => {
    const { iou, miou } = scores(confusionOf(3, [0, 0, 1], [0, 1, 1]));
    expect(iou).toEqual([1 / 2, 1 / 2, Number.NaN]);
    expect(miou).toBe(1 / 2);
  });

  test("a class that is only claimed has IoU 0, costs the others, and no part in the mean", () => {
    const { iou, miou } = scores(confusionOf(3, [0, 0, 1, 1], [0, 2, 1, 1]));
    expect(iou).toEqual([1 / 2, 1, 0]);
    expect(miou).toBe(3 / 4);
  });

  test("nothing labelled: nothing to measure", () => {
    const { iou, miou, accuracy } = scores(confusionOf(2, [IGNORE, IGNORE], [0, 1]));
    expect(iou).toEqual([Number.NaN, Number.NaN]);
    expect([miou, accuracy]).toEqual([Number.NaN, Number.NaN]);
  });

  test("equal sets of pixels, counted one by one", () => {
    const classes = 4;
    const pixel = fc.tuple(fc.constantFrom(0, 1, 2, 3, IGNORE), fc.nat(classes - 1));
    fc.assert(
      fc.property(fc.array(pixel, { minLength: 1, maxLength: 60 }), (pixels) => {
        const label = pixels.map(([truth]) => truth);
        const prediction = pixels.map(([, claimed]) => claimed);
        const { iou, accuracy } = scores(confusionOf(classes, label, prediction));
        const labelled = pixels.filter(([truth]) => truth !== IGNORE);
        for (let k = 0; k < classes; k++) {
          const both = labelled.filter(([a, b]) => a === k && b === k).length;
          const either = labelled.filter(([a, b]) => a === k || b === k).length;
          expect(iou[k]).toBe(both / either);
        }
        const right = labelled.filter(([a, b]) => a === b).length;
        expect(accuracy).toBe(right / labelled.length);
      }),
      { numRuns: 200, seed: 1 },
    );
  });
});
