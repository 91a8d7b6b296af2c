import { spawnSync } from "node:child_process";
import { appendFileSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { RunDetails, RunSeries, RunsEvent } from "../../src/dashboard/api.js";
import { MOST_KEYS } from "../../src/dashboard/metrics.js";
import { serve } from "../../src/dashboard/serve.js";
import { computedSince } from "../computation.js";
import { makeRun, metricsLine } from "./runs.js";
import { get, json, withApp } from "./served.js";

/** Milliseconds of computation that `work` takes in this process. */
async function timed(work: () => Promise<unknown>): Promise<number> {
  const begun = process.cpuUsage();
  await work();
  return computedSince(begun);
}
/** Far above what these take (50 to 400 ms), and far below what they took (seconds to minutes). */
const QUICK = 4000;

const fifo = (path: string) => expect(spawnSync("mkfifo", [path]).status).toBe(0);

describe("pipes, devices and links", () => {
  test("in place of files are ignored, and the server still answers", async () => {
    await withApp(async (app, runs) => {
      await makeRun(join(runs, "a"), { images: 1 });
      const pictures = ["prediction", "entropy"].flatMap((kind) =>
        ["0000150", "0000300"].map((step) => `previews/target/000/step-${step}-${kind}.png`),
      );
      const files = ["report.html", "features.json", "notes.jsonl", "prototypes.jsonl"];
      for (const name of [...pictures, ...files, "confusion.json", "classes.json"]) {
        rmSync(join(runs, "a", name), { force: true });
        fifo(join(runs, "a", name));
      }
      symlinkSync("/dev/zero", join(runs, "a/previews/target/000/zero.png"));
      // Four pipes that are waited for occupy every thread that Node reads files with.
      for (const name of [...pictures, "previews/target/000/zero.png"]) {
        expect((await get(app, `/picture?run=a&file=${name}`)).status).toBe(404);
      }
      expect((await get(app, "/report?run=a")).status).toBe(404);
      expect(await json(app, "/api/features?run=a")).toBe(null);
      expect(await json(app, "/api/confusion?run=a")).toBe(null);
      expect(await json(app, "/api/prototypes?run=a")).toBe(null);
      expect((await json<RunDetails>(app, "/api/run?run=a")).notes).toEqual([]);
      for (const name of ["config.yaml", "status.json", "metrics.jsonl", "result.json"]) {
        rmSync(join(runs, "a", name));
        fifo(join(runs, "a", name));
      }
      mkdirSync(join(runs, "b"));
      fifo(join(runs, "b/config.yaml"));
      const again = (await json<RunsEvent>(app, "/api/runs")).runs.map(({ id }) => id);
      expect(again).not.toContain("b");
    });
  });

  test("a picture whose content is something else is not served", async () => {
    await withApp(async (app, runs) => {
      await makeRun(join(runs, "a"), { images: 1 });
      writeFileSync(join(runs, "a/previews/target/000/truth.png"), "<script>alert(1)</script>");
      const picture = "/picture?run=a&file=previews/target/000";
      expect((await get(app, `${picture}/truth.png`)).status).toBe(404);
      renameSync(
        join(runs, "a/previews/target/000/input.jpg"),
        join(runs, "a/previews/target/000/truth.png"),
      );
      const named = await get(app, `${picture}/truth.png`);
      expect(named.headers.get("content-type")).toBe("image/jpeg");
    });
  });

  test("do not list a run twice", async () => {
    await withApp(async (app, runs, root) => {
      await makeRun(join(runs, "deep/mine"));
      for (const name of ["a", "b", "c"]) symlinkSync(runs, join(runs, name));
      symlinkSync(join(runs, "deep"), join(runs, "deep/again"));
      symlinkSync(join(runs, "deep/mine"), join(runs, "also"));
      mkdirSync(join(runs, ".hidden"));
      await makeRun(join(runs, ".hidden/kept"));
      symlinkSync(join(runs, ".hidden/kept"), join(runs, "z")); // its only name
      await makeRun(join(root, "outside"));
      symlinkSync(join(root, "outside"), join(runs, "y"));
      const { runs: list } = await json<RunsEvent>(app, "/api/runs");
      expect(list.map(({ id }) => id).sort()).toEqual(["deep/mine", "z"]);
    });
  });
});

describe("large files do not block the server", () => {
  const shapes: [string, string][] = [
    ["many keys", Array.from({ length: 60_000 }, (_, i) => `k${i}: 1\n`).join("")],
    ["a long flow", `{${Array.from({ length: 60_000 }, (_, i) => `k${i}: 1`).join(", ")}}`],
    ["many aliases", `a: &a [1]\n${"b: *a\n".repeat(60_000)}`],
    ["deep brackets", "[".repeat(300_000)],
    ["the most keys that are read", "k: 1\n".repeat(6500)],
  ];
  test.each(shapes)("a config.yaml with %s", async (_, text) => {
    await withApp(async (app, runs) => {
      await makeRun(join(runs, "a"));
      writeFileSync(join(runs, "a/config.yaml"), text);
      expect(await timed(() => json(app, "/api/runs"))).toBeLessThan(QUICK);
      expect(await timed(() => json(app, "/api/run?run=a"))).toBeLessThan(QUICK);
    });
  });

  test("60,000 evaluations", async () => {
    await withApp(async (app, runs) => {
      await makeRun(join(runs, "a"), { state: "running", step: 100 });
      const lines = Array.from({ length: 60_000 }, (_, i) => `{"step":${i + 1},"miou/t":0.5}\n`);
      writeFileSync(join(runs, "a/metrics.jsonl"), lines.join(""));
      const list = () => json<RunsEvent>(app, "/api/runs");
      expect(await timed(list)).toBeLessThan(QUICK);
      expect((await list()).runs[0]?.last.t).toEqual({ step: 60_000, value: 0.5 });
    });
  });

  test("150,000 keys, of which the first are read", async () => {
    await withApp(async (app, runs) => {
      await makeRun(join(runs, "a"), { state: "running", step: 100 });
      const keys = Array.from({ length: 150_000 }, (_, i) => [`k/${i}`, i]);
      const text = `${JSON.stringify({ step: 1, ...Object.fromEntries(keys) })}\n`;
      // Lines of up to a mebibyte are read: three of 50,000 keys.
      const lines = [0, 1, 2].map((part) =>
        JSON.stringify({
          step: part + 1,
          ...Object.fromEntries(keys.slice(part * 50_000, (part + 1) * 50_000)),
        }),
      );
      writeFileSync(join(runs, "a/metrics.jsonl"), text + lines.map((one) => `${one}\n`).join(""));
      const work = () => json<RunSeries[]>(app, "/api/series?run=a");
      expect(await timed(work)).toBeLessThan(QUICK);
      expect(Object.keys((await work())[0]?.series ?? {})).toHaveLength(MOST_KEYS);
    });
  });

  test("an answer has a bounded number of points, shared by runs and keys", async () => {
    await withApp(async (app, runs) => {
      for (const name of ["a", "b"]) {
        await makeRun(join(runs, name), { state: "running", step: 100 });
        const entry = (step: number) =>
          JSON.stringify({
            step,
            ...Object.fromEntries(Array.from({ length: 1000 }, (_, k) => [`k/${k}`, step])),
          });
        const lines = Array.from({ length: 400 }, (_, i) => `${entry(i + 1)}\n`);
        writeFileSync(join(runs, name, "metrics.jsonl"), lines.join(""));
      }
      const answers = await json<RunSeries[]>(app, "/api/series?run=a&run=b&buckets=4000");
      const points = answers.flatMap(({ series }) => Object.values(series).map(({ at }) => at));
      expect(points).toHaveLength(2000);
      expect(points.reduce((sum, { length }) => sum + length, 0)).toBeLessThanOrEqual(
        400_000 + 2000,
      ); // buckets begin at multiples of their width
      expect(points[0]?.length).toBeGreaterThan(90);
    });
  });

  test("long notes, texts and lists of classes are cut", async () => {
    await withApp(async (app, runs) => {
      await makeRun(join(runs, "a"), { state: "failed", error: "x".repeat(100_000) });
      const notes = Array.from({ length: 5000 }, (_, step) => ({
        ...{ step, level: "warning", text: "y".repeat(step === 4999 ? 9000 : 9) },
      }));
      writeFileSync(
        join(runs, "a/notes.jsonl"),
        notes.map((one) => `${JSON.stringify(one)}\n`).join(""),
      );
      const { summary, notes: sent } = await json<RunDetails>(app, "/api/run?run=a");
      expect(summary.error).toHaveLength(2000);
      expect(sent).toHaveLength(200);
      expect(sent.at(-1)?.text).toHaveLength(2000);
      expect(sent.map(({ step }) => step)).toEqual(sent.map((_, i) => 4800 + i));
    });
  });
});

test("HEAD of the stream ends, and leaves nothing that watches", async () => {
  await withApp(async (_, runs, root) => {
    await makeRun(join(runs, "a"), { state: "running", step: 100 });
    const pages = join(root, "pages");
    const serving = await serve({ runs, pages, host: "127.0.0.1", port: 0 });
    const timers = () =>
      process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;
    const before = timers();
    for (let i = 0; i < 20; i++) {
      const answer = await fetch(`${serving.address}api/events`, { method: "HEAD" });
      expect(answer.status).toBe(200);
    }
    expect(timers()).toBeLessThan(before + 10); // each left a heartbeat
    appendFileSync(join(runs, "a/metrics.jsonl"), `${metricsLine(110, 900)}\n`);
    await serving.close();
  });
});
