import { expect, test } from "vitest";
import { jitterChannels } from "../../src/methods/step/tensor-augment.js";
import { dispose, manualSeed, scope, zeros } from "../../src/torch/index.js";

test("jitterChannels: an affine change of each channel, within its bounds", () => {
  manualSeed(3);
  const images = zeros([4, 3, 8, 16]).normalInPlace();
  expect(jitterChannels(images, 0)).toBe(images);
  const [before, after] = scope(() => [
    images.numbers(),
    jitterChannels(images, 0.2).numbers(),
  ]) as [number[], number[]];
  const factors: number[] = [];
  for (let channel = 0; channel < 12; channel++) {
    const part = (values: readonly number[]) => values.slice(channel * 128, (channel + 1) * 128);
    const [x, y] = [part(before), part(after)];
    const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;
    const deviation = Math.sqrt(mean(x.map((value) => (value - mean(x)) ** 2)));
    const [[x0, x1], [y0, y1]] = [x, y] as unknown as [[number, number], [number, number]];
    const factor = (y1 - y0) / (x1 - x0);
    const offset = y0 - factor * x0;
    for (const [i, value] of x.entries()) expect(y[i]).toBeCloseTo(factor * value + offset, 3);
    expect(Math.abs(factor - 1)).toBeLessThan(0.201);
    expect(Math.abs(offset)).toBeLessThan(0.201 * deviation);
    factors.push(Number(factor.toFixed(3)));
  }
  expect(new Set(factors).size).toBeGreaterThan(6);
  dispose([images]);
});
