import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { chartsOf, curvesSvg, meanCurves } from "../../docs/generate/curves.js";
import { tableOf, withTables } from "../../docs/generate/results.js";
import { openExperiment } from "../../src/experiment/index.js";

const row = (name: string, seed: number, miou: number) => ({
  ...{ row: name, seed, method: name, steps: 1, seconds: 1, history: {}, command: "", commit: "" },
  versions: { node: "", libtorch: "", processor: "" },
  scores: { val: { miou, iou: [miou] } },
});

test("rows in the protocol's order, with paired differences to its baseline", () => {
  const protocol = {
    seeds: [1, 2, 3], // of which 3 was not run
    baseline: "minent",
    rows: { minent: {}, cfcontra: {}, bound: {} },
  };
  const rows = [
    ...[row("cfcontra", 1, 0.33), row("minent", 1, 0.3), row("cfcontra", 2, 0.31)],
    ...[row("minent", 2, 0.32), row("bound", 1, 0.5)],
  ];
  // Means 31.0 and 32.0; deviations of two values are their distance over the root of 2.
  expect(tableOf(rows, protocol, "val").split("\n")).toEqual([
    "|  | seed 1 | seed 2 | mean ± deviation | to minent, paired |",
    "| --- | --- | --- | --- | --- |",
    "| minent | 30.0 | 32.0 | 31.0 ± 1.4 |  |",
    "| cfcontra | 33.0 | 31.0 | 32.0 ± 1.4 | +1.0 ± 2.8 |",
    "| bound | 50.0 |  | 50.0 | +20.0 |",
  ]);
});

test("two baselines, and classes that are left out of mIoU", () => {
  const scored = (name: string, iou: (number | null)[]) => ({
    ...row(name, 1, 0.9),
    scores: { val: { miou: 0.9, iou } },
  });
  const protocol = { seeds: [1], baseline: ["a", "b"], omit: [2], rows: { a: {}, b: {}, c: {} } };
  const rows = [
    scored("a", [0.1, 0.3, 0.8]),
    scored("b", [0.2, 0.4, 0]),
    scored("c", [null, 0.5, null]),
  ];
  expect(tableOf(rows, protocol, "val").split("\n").slice(2)).toEqual([
    "| a | 20.0 | 20.0 |  | -10.0 |",
    "| b | 30.0 | 30.0 | +10.0 |  |",
    "| c | 50.0 | 50.0 | +30.0 | +20.0 |",
  ]);
});

test("curves are means over seeds, at the steps that all seeds have", () => {
  const run = (name: string, seed: number, val: [number, number][]) => ({
    ...row(name, seed, 0),
    history: { val },
  });
  const rows = [
    run("a < b", 1, [
      [0, 0.2],
      [5, 0.3],
      [9, 0.5],
    ] as [number, number][]),
    run("a < b", 2, [
      [0, 0.3],
      [9, 0.4],
    ] as [number, number][]),
    run("one point", 1, [[9, 0.4]]),
    run("one point", 2, [[9, 0.4]]),
    run("one seed", 1, [
      [0, 0.2],
      [9, 0.5],
    ] as [number, number][]),
  ];
  const curves = meanCurves(rows, ["a < b", "one point", "one seed", "not run"], "val");
  expect(curves.map(({ name }) => name)).toEqual(["a < b"]);
  expect(curves[0]?.points.map(([step]) => step)).toEqual([0, 9]);
  expect(curves[0]?.points.map(([, miou]) => miou.toFixed(2))).toEqual(["0.25", "0.45"]);
  expect(curvesSvg(curves, "mIoU")).toContain(">a &lt; b, 45.0</text>");
});

test("docs/results.md has the tables of docs/results/; else run `npm run docs`", () => {
  const cells = (text: string) => text.replace(/[ -]+/g, " ");
  const page = readFileSync("docs/results.md", "utf8");
  expect(cells(withTables(page))).toBe(cells(page));
  for (const [file, svg] of chartsOf(page)) {
    expect(readFileSync(`docs/results/${file}`, "utf8")).toBe(svg);
  }
});

const PROTOCOLS = ["docs/results", "docs/results/tuning"].flatMap((folder) =>
  readdirSync(folder)
    .filter((name) => name.endsWith(".yaml"))
    .map((name) => join(folder, name)),
);

test.each(PROTOCOLS)("every row of %s reads all of its settings", (path) => {
  const protocol = parse(readFileSync(path, "utf8"), { merge: true });
  for (const row of Object.values<Row>(protocol.rows)) {
    const { preset = protocol.preset, method } = row;
    const set = Object.entries({ ...protocol.set, ...row.set }).map(
      ([key, value]) => `${key}=${typeof value === "string" ? value : JSON.stringify(value)}`,
    );
    expect(openExperiment(preset, { method, set }).config.method).toBe(method);
  }
});

interface Row {
  readonly preset?: string;
  readonly method: string;
  readonly set?: object;
}
