import { appendFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { openMetrics } from "../../src/dashboard/metrics.js";
import { column } from "../../src/dashboard/time-series.js";
import { inTemporaryFolder } from "../datasets/fixtures.js";

describe("buckets", () => {
  const points = fc.uniqueArray(
    fc.record({ step: fc.nat(5000), value: fc.double({ min: -1e6, max: 1e6, noNaN: true }) }),
    {
      selector: ({ step }) => step,
      minLength: 1,
      maxLength: 300,
    },
  );

  test("keep the lowest and highest values and the weight of every point, in the order of steps", () => {
    fc.assert(
      fc.property(points, fc.integer({ min: 0, max: 12 }), (made, power) => {
        const sorted = [...made].sort((a, b) => a.step - b.step);
        const one = column();
        for (const { step, value } of sorted) one.push(step, value);
        const width = 2 ** power;
        const { at, mean, low = mean, high = mean } = one.buckets(width, 0, 5000);
        const values = sorted.map(({ value }) => value);
        // Means of -0 are 0, which no chart tells apart.
        expect(Math.min(...low) + 0).toBe(Math.min(...values) + 0);
        expect(Math.max(...high) + 0).toBe(Math.max(...values) + 0);
        expect(at).toEqual([...at].sort((a, b) => a - b));
        const counts = at.map(
          (step) =>
            sorted.filter((p) => Math.floor(p.step / width) === Math.floor(step / width)).length,
        );
        expect(counts.reduce((a, b) => a + b)).toBe(sorted.length);
        const sum = mean.reduce((all, value, i) => all + value * (counts[i] as number), 0);
        expect(sum).toBeCloseTo(
          values.reduce((a, b) => a + b),
          3,
        );
      }),
      { numRuns: 60 },
    );
  });

  test("of a range are equal to those of the whole run", () => {
    const one = column();
    for (let step = 0; step < 1000; step += 7) one.push(step, Math.sin(step));
    const whole = one.buckets(64, 0, 1000);
    const part = one.buckets(64, 512, 1000);
    expect(part.mean).toEqual(whole.mean.slice(-part.mean.length));
  });

  test("a later value of a step replaces the earlier, an earlier step drops the later ones", () => {
    const one = column();
    for (const [step, value] of [
      [1, 1],
      [2, 2],
      [3, 3],
    ] as const)
      expect(one.push(step, value)).toBe(false);
    expect(one.push(3, 4)).toBe(false);
    expect(one.buckets(1, 0, 9)).toEqual({ at: [1, 2, 3], mean: [1, 2, 4] });
    expect(one.push(2, 5)).toBe(true);
    expect(one.buckets(1, 0, 9)).toEqual({ at: [1, 2], mean: [1, 5] });
  });
});

describe("metrics.jsonl", () => {
  const line = (step: number, more: object = {}) =>
    `${JSON.stringify({ step, loss: step / 10, ...more })}\n`;

  test("is read as it grows; a torn line waits for its end; nonsense is left out", async () => {
    await inTemporaryFolder(async (folder) => {
      const path = join(folder, "metrics.jsonl");
      const metrics = openMetrics(path);
      await metrics.refresh();
      expect(metrics.keys()).toEqual([]);
      const loss = () => metrics.series({ buckets: 100 }).series.loss;
      writeFileSync(
        path,
        `${line(1)}not json\n[3]\n{"loss":7}\n{"step":-1,"loss":1}\n${line(2, { text: "x", __proto__: 1 })}{"step":3,"lo`,
      );
      await metrics.refresh();
      expect(loss()).toEqual({ at: [1, 2], mean: [0.1, 0.2] });
      appendFileSync(path, `ss":0.3}\n`);
      await metrics.refresh();
      expect(loss()).toEqual({ at: [1, 2, 3], mean: [0.1, 0.2, 0.3] });
      expect(metrics.keys()).toEqual(["loss"]);
    });
  });

  test("is read again when another file replaces it", async () => {
    await inTemporaryFolder(async (folder) => {
      const path = join(folder, "metrics.jsonl");
      writeFileSync(path, line(1) + line(2) + line(3));
      const metrics = openMetrics(path);
      await metrics.refresh();
      const { generation } = metrics.series({ buckets: 10 });
      writeFileSync(`${path}.part`, line(1) + line(2, { more: 1 }) + line(3) + line(4));
      renameSync(`${path}.part`, path);
      await metrics.refresh();
      const next = metrics.series({ buckets: 10 });
      expect(next.generation).not.toBe(generation);
      expect(next.series.more?.at).toEqual([2]);
      expect(next.series.loss?.at).toEqual([1, 2, 3, 4]);
    });
  });

  test("is sampled at once if it is large, and then read", async () => {
    await inTemporaryFolder(async (folder) => {
      const path = join(folder, "metrics.jsonl");
      const padding = { padding: "x".repeat(2000) };
      const lines = 5000;
      writeFileSync(path, Array.from({ length: lines }, (_, i) => line(i + 1, padding)).join(""));
      const metrics = openMetrics(path);
      await metrics.refresh();
      const sample = metrics.series({ buckets: 400 });
      expect(sample.complete).toBe(false);
      const { at = [], mean = [] } = sample.series.loss ?? {};
      expect(at.length).toBeGreaterThan(200);
      expect(at[0]).toBeLessThan(200);
      expect(at.at(-1)).toBeGreaterThan(lines - 200);
      for (const [i, step] of at.entries())
        expect(Math.abs((mean[i] as number) * 10 - step)).toBeLessThan(130);
      let whole = sample;
      while (!whole.complete) {
        await metrics.refresh();
        await new Promise((resolve) => setTimeout(resolve, 20));
        whole = metrics.series({ buckets: 400 });
      }
      expect(metrics.points).toBe(lines);
      expect(whole.generation).not.toBe(sample.generation);
      expect(whole.series.loss?.low?.[0]).toBe(0.1);
      expect(whole.series.loss?.high?.at(-1)).toBe(lines / 10);
    });
  });
});
