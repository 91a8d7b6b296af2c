import { existsSync, readFileSync, renameSync, rmSync } from "node:fs";
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { flatOrSpread, niceTicks } from "../../src/report/axis.js";
import { findBaseline } from "../../src/report/find-baseline.js";
import { runPage } from "../../src/report/page/run-page.js";
import { readRun } from "../../src/report/run-files.js";
import { accessibilityFaults } from "../axe.js";
import { CHROMIUM, launchChromium, openPage } from "../chromium.js";
import { cli, preset, tiny } from "../cli/cli.js";
import { makeDomains } from "../datasets/fixtures.js";
import { skipUnless } from "../skip.js";
import { userError } from "../user-error.js";

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "cfcontra-"));
  await makeDomains(root, 4);
  const train = { ...tiny(root).train, steps: 4, evaluateEvery: 2 };
  const style = { method: "color", images: 1 };
  const pretrain = { steps: 1, rate: 0.001 }; // neither a row, nor a difference between seeds
  const path = await preset(root, tiny(root, { train, style, pretrain }));
  for (const [method, seed] of [
    ["source-only", 1],
    ["cfcontra", 1],
    ["cfcontra", 2],
  ] as const) {
    const out = join(root, "runs", `${method}-${seed}`);
    const args = ["--method", method, "--seed", String(seed), "--out", out];
    const { code, err } = await cli("train", "--preset", path, ...args);
    expect(err).not.toMatch(/error|no report/);
    expect(code).toBe(0);
  }
});
afterAll(() => rm(root, { recursive: true, force: true }));
const run = (name: string) => join(root, "runs", name);
const html = (...path: string[]) => readFileSync(join(...path), "utf8");

describe("report.html", () => {
  test("names the GPU of a run, and its memory", async () => {
    const files = readRun(run("source-only-1"));
    const gpu = {
      ...{
        name: "NVIDIA H100",
        memoryGiB: 79.1,
        driver: "580.65.06",
        cuda: "13.0",
        cudnn: "9.13.0",
      },
      ...{ tf32: false, deterministic: true, benchmark: false },
    };
    const { environment, result } = files as Required<typeof files>;
    const onGpu = {
      ...files,
      environment: { ...environment, device: "cuda:0", gpu },
      result: { ...result, gpuMemory: { peak: 1234, reserved: 2000 } },
    } as typeof files;
    const facts = ["NVIDIA H100, 79.1 GiB", "580.65.06, CUDA 13.0, cuDNN 9.13.0", "TF32 off"];
    const own = [...facts, "1234 MiB at peak, 2000 MiB reserved"];
    const text = await runPage(onGpu);
    for (const fact of own) expect(text).toContain(fact);
    const without = await runPage(files);
    for (const fact of own) expect(without).not.toContain(fact);
  });

  test("is written at the end of a run, with all of its sections", () => {
    const text = html(run("cfcontra-1"), "report.html");
    const titles = [...text.matchAll(/<h2>(.*?)<\/h2>/g)].map(([, title]) => title);
    expect(titles).toEqual([
      ...["Scores", "Scores over training", "Classes", "Pictures", "Confusion", "Prototypes"],
      ...["Features", "Style", "Settings", "Environment"],
    ]);
    const { scores } = JSON.parse(html(run("cfcontra-1"), "result.json"));
    expect(text).toContain(`${(scores.camvid.miou * 100).toFixed(1)}<small> %</small>`);
    expect(text).toMatch(/to source-only<\/div>/);
    expect(text).toContain("before adaptation: source-only");
  });

  test("has features of both domains and networks, at the same pixels", () => {
    const { before, after } = JSON.parse(html(run("cfcontra-1"), "features.json"));
    for (const points of [before, after]) {
      expect(points.x).toHaveLength(points.class.length);
      expect(new Set(points.domain)).toEqual(new Set([0, 1]));
      expect([...points.x, ...points.y].every(Number.isFinite)).toBe(true);
    }
    expect(after.class).toEqual(before.class);
    expect(after.x).not.toEqual(before.x);
  });

  test("the baseline is source-only of the same seed, else the pretraining", () => {
    const baseline = (name: string) => {
      const found = findBaseline(readRun(run(name)));
      return found && [found.kind, found.run.name];
    };
    expect(baseline("cfcontra-1")).toEqual(["source-only", "source-only-1"]);
    expect(baseline("cfcontra-2")).toEqual(["pretraining", "tiny-pretrained-2"]);
    expect(baseline("source-only-1")).toBeUndefined();
    expect(html(run("cfcontra-2"), "report.html")).toMatch(/to its pretraining<\/div>/);
  });

  test("of a run that only has a configuration has two sections", async () => {
    const bare = join(root, "bare");
    await cp(join(run("cfcontra-1"), "config.yaml"), join(bare, "config.yaml"));
    const text = await runPage(readRun(bare));
    expect(text.replaceAll(/data:[^"]*/g, "")).not.toMatch(/undefined|NaN/);
    const titles = [...text.matchAll(/<h2>(.*?)<\/h2>/g)].map(([, title]) => title);
    expect(titles).toEqual(["Settings", "Environment"]);
  });

  test("of a run that was stopped has pictures and curves, but no scores", async () => {
    const stopped = join(root, "stopped");
    await cp(run("cfcontra-1"), stopped, { recursive: true });
    for (const name of ["result.json", "confusion.json"]) rmSync(join(stopped, name));
    const text = await runPage(readRun(stopped));
    expect(text.replaceAll(/data:[^"]*/g, "")).not.toMatch(/undefined|NaN/);
    expect(text).toContain("<h2>Scores over training</h2>");
    expect(text).not.toContain("<h2>Scores</h2>");
  });

  test("is written without the data sets, with the features and pictures that exist", async () => {
    const alone = join(root, "alone", "cfcontra-1");
    await cp(run("cfcontra-1"), alone, { recursive: true });
    const features = html(alone, "features.json");
    rmSync(join(alone, "report.html"));
    const report = async () => {
      const outcome = await cli("report", alone, "--baseline", run("source-only-1"));
      expect(outcome.code, outcome.err).toBe(0);
      return outcome.err;
    };
    for (const [set, part] of [
      ["gta5", "features"],
      ["camvid", "pictures of the baseline"],
    ] as const) {
      const [folder, moved] = [join(root, set), join(root, `${set}-moved`)];
      renameSync(folder, moved);
      try {
        expect(await report()).toMatch(
          new RegExp(`^note: ${part}: not updated .*: ${folder} .*$`, "m"),
        );
      } finally {
        renameSync(moved, folder);
      }
    }
    expect(html(alone, "features.json")).toBe(features);
    expect(html(alone, "report.html")).toContain("<h2>Features</h2>");
    expect(await report()).not.toContain("not updated");
  });

  test("refuses a folder that is not a run", async () => {
    await userError(() => readRun(root), "not-a-run", root, "bare");
    const { code, err } = await cli("report", root);
    expect(code).toBe(1);
    expect(err).toMatch(/^error: .*not a run folder.*\n$/);
  });
});

describe("compare", () => {
  test("groups seeds, pairs gains, and writes page, Markdown and JSON", async () => {
    const out = join(root, "comparison");
    const runs = ["source-only-1", "cfcontra-1", "cfcontra-2"].map(run);
    const { code, out: table } = await cli("compare", ...runs, "--out", out);
    expect(code).toBe(0);
    const { groups, sets } = JSON.parse(html(out, "comparison.json"));
    expect(sets).toEqual(["camvid"]);
    const miou = (path: string) => JSON.parse(html(path, "result.json")).scores.camvid.miou;
    const [base, one, two] = runs.map(miou) as [number, number, number];
    expect(groups.map(({ label }: { label: string }) => label)).toEqual([
      "source-only",
      "cfcontra",
    ]);
    expect(groups[1].miou.camvid.mean).toBeCloseTo((one + two) / 2, 12);
    expect(groups[1].miou.camvid.deviation).toBeCloseTo(Math.abs(one - two) / Math.SQRT2, 12);
    // Seed 1 alone has a source-only run to be measured against.
    const gain = { mean: one - base, deviation: 0, runs: 1, baseline: "source-only" };
    expect(groups[1].gain).toEqual(gain);
    expect(table).toMatch(/^cfcontra +1 2 +\d+\.\d ± \d+\.\d/m);
    expect(html(out, "comparison.md")).toMatch(/^\| cfcontra \| 1 2 \|/m);
    expect(html(out, "comparison.html").match(/alt="cfcontra of /g)).toHaveLength(2);
  });

  test("leaves out runs that are not complete, by name, and refuses if none is", async () => {
    const bare = join(root, "bare");
    await cp(join(run("cfcontra-1"), "config.yaml"), join(bare, "config.yaml"));
    const { code, err } = await cli("compare", bare, run("cfcontra-2"), "--out", join(root, "c2"));
    expect(code).toBe(0);
    expect(err).toMatch(/note: bare is not complete/);
    const none = await cli("compare", bare, "--out", join(root, "c3"));
    expect(none.code).toBe(1);
    expect(none.err).toMatch(/^error: .*result\.json/);
    expect(existsSync(join(root, "c3"))).toBe(false);
  });
});

describe("in a browser, from disk", skipUnless(CHROMIUM !== undefined, "chromium"), () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterAll(() => browser?.close());

  test.each([390, 900, 1440])(
    "%i pixels wide: no requests, no complaints, nothing cut off",
    async (width) => {
      const page = await openPage(browser, { viewport: { width, height: 800 } });
      const asked: string[] = [];
      const said: string[] = [];
      page.on("request", (request) => asked.push(request.url()));
      page.on("console", (message) => said.push(message.text()));
      page.on("pageerror", (error) => said.push(error.message));
      const file = `file://${join(run("cfcontra-1"), "report.html")}`;
      await page.goto(file);
      expect(asked.filter((url) => !url.startsWith("data:"))).toEqual([file]);
      expect(said).toEqual([]);
      expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(width);
      const broken = await page.evaluate(
        "[...document.images].filter((i) => !i.naturalWidth).length",
      );
      expect(broken).toBe(0);
      expect(await page.evaluate("document.images.length")).toBeGreaterThan(8);
      await page.close();
    },
  );

  test.each(["light", "dark"] as const)(
    "report and comparison have names, roles, contrast and order for everybody: %s",
    async (colorScheme) => {
      const pages = {
        report: join(run("cfcontra-1"), "report.html"),
        comparison: join(root, "comparison", "comparison.html"),
      };
      const page = await openPage(browser);
      await page.emulateMedia({ colorScheme });
      for (const [name, file] of Object.entries(pages)) {
        for (const width of [390, 1280]) {
          await page.setViewportSize({ width, height: 844 });
          await page.goto(`file://${file}`);
          await page.evaluate(
            "for (const one of document.querySelectorAll('details')) one.open = true",
          );
          expect([name, width, await accessibilityFaults(page)]).toEqual([name, width, []]);
          expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(width);
        }
      }
      await page.close();
    },
  );
});

test("an axis of values that are all the same has room around them, and ticks that differ", () => {
  expect(flatOrSpread([1, 1 - 1e-9, 1])).toEqual([1 - 1e-9 - 0.1, 1.1]);
  expect(flatOrSpread([0, 0])).toEqual([0, 1]);
  expect(flatOrSpread([-2, -2])).toEqual([-2.2, -1.8]);
  expect(flatOrSpread([0.2, 0.3])).toEqual([0.2, 0.3]);
  const labels = niceTicks(...flatOrSpread([1, 1 - 1e-9]), 3).map((one) => (one * 100).toFixed(0));
  expect(new Set(labels).size).toBe(labels.length);
});

test("ticks are round, and enclose the values", () => {
  expect(niceTicks(0.13, 0.27, 4)).toEqual([0.1, 0.15, 0.2, 0.25, 0.3]);
  expect(niceTicks(3, 3, 3)[0]).toBeLessThanOrEqual(3);
  expect(niceTicks(-1, 7, 3)).toEqual([-5, 0, 5, 10]);
});
