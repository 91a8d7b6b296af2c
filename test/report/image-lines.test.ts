import { appendFileSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { ImageScores } from "../../src/evaluate/index.js";
import {
  appendImageScores,
  parseImageLine,
  readImageMious,
  replaceImageScores,
} from "../../src/report/image-lines.js";
import { inTemporaryFolder } from "../datasets/fixtures.js";

const images = (count: number, score = 0.5): ImageScores[] =>
  Array.from({ length: count }, (_, i) => ({
    name: `scene ${i}`,
    iou: [score, null, score / 2],
    accuracy: 0.123456,
    entropy: 0.25,
    calibration: null,
    confused: [[2, 0, 0.071251] as const],
  }));
const linesIn = (run: string) =>
  readFileSync(join(run, "images.jsonl"), "utf8")
    .split("\n")
    .flatMap((text) => parseImageLine(text) ?? []);
const stepsIn = (run: string) => [...new Set(linesIn(run).map(({ step }) => step))];

describe("images.jsonl", () => {
  test("has a line for each image and set, rounded to four digits", () =>
    inTemporaryFolder(async (run) => {
      appendImageScores(run, 10, { target: images(1), source: images(1, 1) });
      expect(linesIn(run)).toEqual([
        {
          ...{ step: 10, set: "target", name: "scene 0", iou: [0.5, null, 0.25] },
          ...{ accuracy: 0.1235, entropy: 0.25, calibration: null, confused: [[2, 0, 0.0713]] },
        },
        {
          ...{ step: 10, set: "source", name: "scene 0", iou: [1, null, 0.5] },
          ...{ accuracy: 0.1235, entropy: 0.25, calibration: null, confused: [[2, 0, 0.0713]] },
        },
      ]);
    }));

  test("never becomes larger than its bound: the earliest evaluations go", () =>
    inTemporaryFolder(async (run) => {
      appendImageScores(run, 0, { target: images(20) });
      const one = statSync(join(run, "images.jsonl")).size;
      for (const step of [10, 20, 30]) {
        appendImageScores(run, step, { target: images(20) }, 2.5 * one);
        expect(statSync(join(run, "images.jsonl")).size).toBeLessThanOrEqual(2.5 * one);
      }
      expect(stepsIn(run)).toEqual([20, 30]);
      expect(linesIn(run)).toHaveLength(40);
    }));

  test("of an evaluation that is too large by itself, evenly spread images stay", () =>
    inTemporaryFolder(async (run) => {
      appendImageScores(run, 0, { target: images(1000) }, 20_000);
      const names = linesIn(run).map(({ name }) => Number(name.split(" ")[1]));
      expect(statSync(join(run, "images.jsonl")).size).toBeLessThanOrEqual(20_000);
      expect(names.length).toBeGreaterThan(120);
      const stride = names[1] as number;
      expect(names).toEqual(names.map((_, i) => i * stride));
    }));

  test("of one evaluation can be replaced, by set; other lines stay in order", () =>
    inTemporaryFolder(async (run) => {
      for (const step of [10, 20, 30]) {
        appendImageScores(run, step, { target: images(2), source: images(1) });
      }
      replaceImageScores(run, 20, { target: images(2, 0.9) });
      expect(stepsIn(run)).toEqual([10, 20, 30]);
      expect(linesIn(run)).toHaveLength(9);
      expect(linesIn(run).filter(({ iou }) => iou[0] === 0.9)).toHaveLength(2);
      replaceImageScores(run, 40, { target: images(2, 0.8) });
      expect(readImageMious(run, "target")?.get("scene 1")).toBeCloseTo(0.6, 9);
    }));

  test("is read past torn, foreign and poisoned lines", () =>
    inTemporaryFolder(async (run) => {
      appendImageScores(run, 10, { target: images(2) });
      appendFileSync(
        join(run, "images.jsonl"),
        [
          ...["null", "[]", "7", '"x"', "{}", '{"step":11}', "\u0000\u0000"],
          '{"step":"11","set":"target","name":"a","iou":[1]}',
          '{"step":11,"set":"target","name":{"x":1},"iou":[1]}',
          '{"step":11,"set":"target","name":"a","iou":{"length":3}}',
          '{"step":10,"set":"target","name":"odd","iou":["1",null,{},0.5]}',
          '{"step":12,"set":"target","na',
        ].join("\n"),
      );
      const scores = readImageMious(run, "target");
      expect([...(scores ?? [])]).toEqual([
        ["scene 0", 0.375],
        ["scene 1", 0.375],
        ["odd", 0.5],
      ]);
      appendFileSync(join(run, "images.jsonl"), "\n");
      replaceImageScores(run, 20, { target: images(1) });
      expect(stepsIn(run)).toEqual([10, 20]);
    }));

  test("that is missing, a folder or far too large has no scores", () =>
    inTemporaryFolder(async (run) => {
      expect(readImageMious(run, "target")).toBeUndefined();
      mkdirSync(join(run, "folder", "images.jsonl"), { recursive: true });
      expect(readImageMious(join(run, "folder"), "target")).toBeUndefined();
      writeFileSync(join(run, "images.jsonl"), "");
      expect(readImageMious(run, "target")).toBeUndefined();
    }));

  test("of 100,000 images is written and read within its bound", () =>
    inTemporaryFolder(async (run) => {
      const many = Array.from({ length: 100_000 }, (_, i) => ({
        name: `frankfurt_${String(i).padStart(6, "0")}_leftImg8bit`,
        iou: Array.from({ length: 19 }, (_, k) =>
          k % 2 === 0 ? ((i * 31 + k) % 997) / 997 : null,
        ),
        ...{ accuracy: 0.9, entropy: 0.1, calibration: 0.05 },
        confused: Array.from({ length: 6 }, (_, k) => [k, 18 - k, 0.0123 / (k + 1)] as const),
      }));
      appendImageScores(run, 10, { target: many });
      appendImageScores(run, 20, { target: many });
      expect(statSync(join(run, "images.jsonl")).size).toBeLessThanOrEqual(32 * 2 ** 20);
      expect(stepsIn(run)).toEqual([20]);
      expect(readImageMious(run, "target")?.size).toBe(100_000);
    }));
});
