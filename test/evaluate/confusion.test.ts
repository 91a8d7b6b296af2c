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
  test("rows are labels, columns predictions; ignored pixels do not count", () => {
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
    // True positives, false negatives, false positives: 2, 1, 1; 1, 1, 1; 0, 1, 1.
    const { iou, miou, accuracy } = scores(
      confusionOf(3, [0, 0, 0, 1, 1, 2, IGNORE, IGNORE], [0, 0, 1, 1, 2, 0, 0, 2]),
    );
    expect(iou).toEqual([2 / 4, 1 / 3, 0]);
    expect(miou).toBeCloseTo((1 / 2 + 1 / 3 + 0) / 3, 15);
    expect(accuracy).toBe(3 / 6);
  });

  test("a class in neither labels nor predictions has IoU NaN, and does not count in the mean", () => {
    const { iou, miou } = scores(confusionOf(3, [0, 0, 1], [0, 1, 1]));
    expect(iou).toEqual([1 / 2, 1 / 2, Number.NaN]);
    expect(miou).toBe(1 / 2);
  });

  test("a class in predictions only has IoU 0, lowers the others, and does not count in the mean", () => {
    const { iou, miou } = scores(confusionOf(3, [0, 0, 1, 1], [0, 2, 1, 1]));
    expect(iou).toEqual([1 / 2, 1, 0]);
    expect(miou).toBe(3 / 4);
  });

  test("without labels all scores are NaN", () => {
    const { iou, miou, accuracy } = scores(confusionOf(2, [IGNORE, IGNORE], [0, 1]));
    expect(iou).toEqual([Number.NaN, Number.NaN]);
    expect([miou, accuracy]).toEqual([Number.NaN, Number.NaN]);
  });

  test("equal scores from sets of pixels", () => {
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
