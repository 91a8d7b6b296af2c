import { mkdirSync, readFileSync, realpathSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import { describe, expect, test } from "vitest";
import { stringify } from "yaml";
import { compareRuns } from "../../src/report/comparison.js";
import { classRows, comparisonRows } from "../../src/report/comparison-rows.js";
import { findBaseline } from "../../src/report/find-baseline.js";
import { type RunFiles, readRun } from "../../src/report/run-files.js";
import { latex } from "../../src/report/table-formats.js";
import { cli } from "../cli/cli.js";
import { inTemporaryFolder } from "../datasets/fixtures.js";
import { userError } from "../user-error.js";
import { type Changes, configuration } from "./configuration.js";

const resultOf = (config: ReturnType<typeof configuration>, miou: number | null) => ({
  ...{ method: config.method, seed: (config.train as { seed: number }).seed, steps: 1 },
  ...{ seconds: 1, waiting: 0, classes: ["road", "sky"] },
  scores: Object.fromEntries(
    Object.keys(config.evaluate).map((set) => [set, { iou: [miou, null], miou, accuracy: miou }]),
  ),
});

function run(name: string, miou: number | null, changes: Changes = {}): RunFiles {
  const config = JSON.parse(JSON.stringify(configuration(changes)));
  return {
    ...{ path: name, name, yaml: "", config, status: undefined, environment: undefined },
    ...{ metrics: [], notes: [], classes: { names: ["road", "sky"], colors: [] } },
    ...{ confusion: undefined, prototypes: [], weights: {}, features: undefined },
    ...{ sets: Object.keys(config.evaluate), result: resultOf(config, miou) },
  };
}
const sourceOnly = (name: string, miou: number | null, changes: Changes = {}) =>
  run(name, miou, { method: "source-only", ...changes });

describe("compare", () => {
  test("groups seeds whatever other methods' options are, as the dashboard does", () => {
    const { groups } = compareRuns([
      run("a", 0.3),
      run("b", 0.5, {
        options: { ...configuration().options, minent: { entropy: 9 } },
        network: { weights: "/runs/a-pretrained-2" },
        train: { seed: 2, device: "cuda" },
      }),
      run("c", 0.4, { train: { rate: 0.5 } }),
    ]);
    expect(groups.map(({ label, seeds }) => [label, seeds])).toEqual([
      ["cfcontra (train.rate=0.01)", [1, 2]],
      ["cfcontra (train.rate=0.5)", [1]],
    ]);
  });

  test("a grid over widths has each gain over source-only of the same width", () => {
    const [narrow, wide] = [{ width: 0.25 }, { width: 1 }];
    const { groups, notes } = compareRuns([
      sourceOnly("a", 0.25, { network: narrow }),
      sourceOnly("b", 0.299, { network: wide }),
      run("c", 0.28, { network: narrow }),
      run("d", 0.323, { network: wide }),
    ]);
    const gains = groups.map(({ gain }) => gain?.mean.toFixed(3));
    expect(gains).toEqual([undefined, undefined, "0.030", "0.024"]); // not 0.073
    expect(notes).toHaveLength(1);
    expect(notes[0]).toContain("network.width");
  });

  test("without a matching source-only run there is no gain, and a note that names the row", () => {
    const { groups, notes } = compareRuns([
      sourceOnly("a", 0.25, { train: { steps: 9 } }),
      sourceOnly("b", 0.25, { train: { seed: 2 } }),
      run("c", 0.5),
    ]);
    expect(groups.map(({ gain }) => gain)).toEqual([undefined, undefined, undefined]);
    expect(notes[0]).toContain("train.steps");
    expect(notes[1]).toMatch(/source-only.* cfcontra/);
  });

  test("a gain over some of the seeds says so", () => {
    const { groups, notes } = compareRuns([
      sourceOnly("a", 0.25),
      run("b", 0.5),
      run("c", 0.7, { train: { seed: 2 } }),
    ]);
    expect(groups[1]?.gain).toEqual({
      mean: 0.25,
      deviation: 0,
      runs: 1,
      baseline: "source-only",
    });
    expect(notes).toHaveLength(1);
    expect(notes[0]).toMatch(/^cfcontra: .* 1 of 2 runs/);
  });

  test("settings that differ are columns, and gains of classes are paired by seed", () => {
    const two = { train: { seed: 2 } };
    const comparison = compareRuns([
      sourceOnly("a", 0.25),
      sourceOnly("b", 0.5, two),
      run("c", 0.5),
      run("d", 0.875, two),
      run("e", 0.4, { options: { cfcontra: { contrast: 0.5, scales: [1, 0.5] } } }),
    ]);
    const [head, ...rows] = comparisonRows(comparison);
    expect(head?.slice(0, 3)).toEqual(["mIoU, %", "contrast", "seeds"]);
    expect(rows.map((row) => row.slice(0, 3))).toEqual([
      ["source-only", "-", "1 2"],
      ["cfcontra", "0.05", "1 2"],
      ["cfcontra", "0.5", "1"],
    ]);
    const [, adapted] = comparison.groups;
    expect(adapted?.iouGain[0]).toEqual({
      mean: 0.3125,
      deviation: expect.closeTo(0.0884, 4),
      runs: 2,
    });
    expect(adapted?.iouGain[1]).toBeUndefined(); // sky does not occur
    expect(classRows(comparison)[1]?.at(-2)).toBe("+31.3 ± 8.8");
    expect(latex(comparisonRows(comparison))).toContain("37.5 $\\pm$ 17.7");
  });

  test("the curve of a group is a mean at common steps, over the lowest and the highest", () => {
    const metrics = (...values: number[]) =>
      values.map((value, i) => ({ step: i * 10, "miou/target": value }));
    const { groups } = compareRuns([
      { ...run("a", 0.5), metrics: metrics(0.25, 0.5, 0.75) },
      { ...run("b", 0.5, { train: { seed: 2 } }), metrics: metrics(0.75, 0.5) },
    ]);
    expect(groups[0]?.curve).toEqual({
      ...{ at: [0, 10], mean: [0.5, 0.5], low: [0.25, 0.5], high: [0.75, 0.5] },
    });
    expect(compareRuns([run("a", 0.5)]).groups[0]?.curve).toBeUndefined();
  });

  test("a missing mIoU is neither 0 nor part of a mean or gain", () => {
    const rows = comparisonRows(compareRuns([sourceOnly("a", null), run("b", 0.625)]));
    expect(rows.slice(1)).toEqual([
      ["source-only", "1", "-"],
      ["cfcontra", "1", "62.5"], // the gain was -62.5
    ]);
    const two = compareRuns([
      sourceOnly("a", 0.5),
      run("b", null),
      run("c", 0.4, { train: { seed: 2 } }),
    ]);
    expect(comparisonRows(two)[2]).toEqual(["cfcontra", "1 2", "-"]);
    expect(classRows(two)[1]).toEqual(["road", "50.0", "-"]);
  });

  test("sets of one name on different images are noted, and give no gain", () => {
    const val = (root: string) => ({ evaluate: { val: { type: "folder", root } } });
    const { groups, notes } = compareRuns([
      sourceOnly("a", 0.3, val("/one")),
      run("b", 0.6, val("/two")),
    ]);
    expect(groups[1]?.gain).toBeUndefined();
    expect(notes[0]).toMatch(/ val .*evaluate\.val\.root/);
  });

  test("a coarse stage of one row alone is named, with the row that tells it from the method", () => {
    const { notes } = compareRuns([
      run("a", 0.4, { method: "source-only" }),
      run("b", 0.5, { style: { method: "color" } }),
    ]);
    expect(notes[0]).toMatch(/ style\.method.* source-only row with the same coarse stage/);
  });

  test("a pretraining is no row that differs, since it always does", () => {
    const pretrain = { steps: 2500, rate: 0.03, run: "/runs/pretrained-1" };
    const start = {
      ...sourceOnly("p", 0.2, { pretrain: undefined, train: { steps: 2500, rate: 0.03 } }),
      path: "/runs/pretrained-1",
    };
    const { groups, notes } = compareRuns([start, run("c", 0.5, { pretrain })]);
    expect(groups[1]?.gain).toMatchObject({ baseline: "pretraining", runs: 1 });
    expect(notes).toHaveLength(1);
    expect(notes[0]).toMatch(/^cfcontra: .*pretraining/);
    expect(comparisonRows(compareRuns([start, run("c", 0.5, { pretrain })]))[2]?.at(-1)).toBe(
      "+30.0 (pretraining)",
    );
  });

  test("refuses runs of other classes, without a common set, or not complete", async () => {
    const other = run("b", 0.5);
    const classes = { ...other, result: { ...resultOf(configuration(), 1), classes: ["x", "y"] } };
    await userError(() => compareRuns([run("a", 0.5), classes]), "class-mismatch", "a", "b", "x");
    const set = run("b", 0.5, { evaluate: { night: { type: "folder" } } });
    await userError(() => compareRuns([run("a", 0.5), set]), "conflicting-options", "target");
    await userError(() => compareRuns([{ ...other, result: undefined }]), "run-incomplete");
  });
});

/** Writes what `compare` and `report` read of a run. */
function write(path: string, miou: number | null, changes: Changes = {}): void {
  mkdirSync(path, { recursive: true });
  const config = configuration(changes);
  writeFileSync(join(path, "config.yaml"), stringify(JSON.parse(JSON.stringify(config))));
  writeFileSync(join(path, "result.json"), JSON.stringify(resultOf(config, miou)));
}

describe("on disk", () => {
  test("the pretraining of a run is found where the run says, not only among those given", () =>
    inTemporaryFolder(async (made) => {
      const root = realpathSync(made);
      const start = join(root, "elsewhere", "pretrained-1");
      const own = { pretrain: { steps: 2500, rate: 0.03, run: start } };
      write(start, 0.25, { method: "source-only", pretrain: undefined });
      write(join(root, "runs", "c"), 0.5, own);
      const given = readRun(join(root, "runs", "c"));
      expect(findBaseline(given)).toMatchObject({ kind: "pretraining", run: { path: start } });
      expect(compareRuns([given]).groups[0]?.gain).toMatchObject({
        mean: 0.25,
        baseline: "pretraining",
      });
      write(join(root, "runs", "s"), 0.4, { ...own, method: "source-only" });
      expect(findBaseline(given)).toMatchObject({ kind: "source-only", run: { name: "s" } });
    }));

  test("compare writes the page, and each table and chart in its formats", () =>
    inTemporaryFolder(async (root) => {
      write(join(root, "s"), 0.25, { method: "source-only" });
      write(join(root, "c"), 0.5);
      const out = join(root, "out");
      const { code } = await cli("compare", join(root, "s"), join(root, "c"), "--out", out);
      expect(code).toBe(0);
      const text = (name: string) => readFileSync(join(out, name), "utf8");
      expect(text("comparison.csv").split("\n")[2]).toBe("cfcontra,1,50.0,+25.0");
      expect(text("comparison.md")).toContain("| cfcontra | 1 | 50.0 | +25.0 |");
      expect(text("comparison.tex")).toContain("cfcontra & 1 & 50.0 & +25.0");
      expect(text("classes.csv")).toContain("road,25.0,50.0,+25.0");
      expect(text("classes.svg")).toMatch(/^<svg xmlns[\s\S]*\+25\.0[\s\S]*<\/svg>\n$/);
      expect(text("comparison.html")).toContain("Groups to draw");
      const [, width] = /width="(\d+)"/.exec(text("classes.svg")) ?? [];
      const picture = await sharp(join(out, "classes.png")).metadata();
      expect(picture).toMatchObject({ format: "png", width: 2 * Number(width) });
    }));

  test("compare FOLDER suggests the run folders in it", () =>
    inTemporaryFolder(async (root) => {
      for (const name of ["a", "b"]) write(join(root, "runs", name), 0.5);
      const { code, err } = await cli("compare", join(root, "runs"), "--out", join(root, "out"));
      expect(code).toBe(1);
      expect(err).toContain(join(root, "runs", "*"));
      writeFileSync(join(root, "runs", "predictions.png"), ""); // no run: the shell must leave it out
      const mixed = await cli("compare", join(root, "runs"), "--out", join(root, "out"));
      expect(mixed.err).toContain(join(root, "runs", "*/"));
      const none = await cli("compare", root, "--out", join(root, "out"));
      expect(none.err).not.toContain("*");
    }));
});
