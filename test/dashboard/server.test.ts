import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import type {
  Prototypes,
  RunDetails,
  RunSeries,
  RunSettings,
  RunsEvent,
} from "../../src/dashboard/api.js";
import { dashboardApp } from "../../src/dashboard/app.js";
import { serve } from "../../src/dashboard/serve.js";
import { inTemporaryFolder } from "../datasets/fixtures.js";
import { userError } from "../user-error.js";
import { makeRun, metricsLine, scoresLine } from "./runs.js";
import { get, json, withApp } from "./served.js";

const FRESH = 450; // milliseconds after which the list is read again

describe("the list of runs", () => {
  test("has the state of each run, by its status and the age of the status", async () => {
    await withApp(async (app, runs) => {
      await makeRun(join(runs, "now"), { state: "running", step: 100 });
      await makeRun(join(runs, "silent"), { state: "running", step: 100, age: 61_000 });
      await makeRun(join(runs, "deep/done"), { seed: 3 });
      await makeRun(join(runs, "broken"), { state: "failed", error: "the loss is not finite" });
      await makeRun(join(runs, "halted"), { state: "stopped" });
      await makeRun(join(runs, "old"), {});
      rmSync(join(runs, "old", "status.json"));
      mkdirSync(join(runs, "nothing/here"), { recursive: true });
      const list = await json<RunsEvent>(app, "/api/runs");
      expect(Object.fromEntries(list.runs.map(({ id, state }) => [id, state]))).toEqual({
        now: "running",
        silent: "lost",
        "deep/done": "complete",
        broken: "failed",
        halted: "stopped",
        old: "complete",
      });
      const done = list.runs.find(({ id }) => id === "deep/done");
      expect(done).toMatchObject({ method: "cfcontra", seed: 3, step: 900, steps: 900 });
      expect(Object.keys(done?.last ?? {})).toEqual(["target", "source"]);
      expect(done?.last.target).toEqual({
        step: 900,
        value: JSON.parse(scoresLine(900, 900, 3, 0.045))["miou/target"],
      });
      expect(done?.loss).toBe(JSON.parse(metricsLine(900, 900, 3))["source/main"]);
      expect(done?.trend).toHaveLength(6);
      expect(list.runs.find(({ id }) => id === "broken")?.error).toMatch(/not finite/);
    });
  });

  test("of 200 runs, has gains over source-only of the same settings and seed, of complete runs", async () => {
    await withApp(async (app, runs) => {
      const made = { steps: 20, evaluations: 1 };
      for (let seed = 0; seed < 64; seed++) {
        for (const method of ["source-only", "minent", "cfcontra"]) {
          await makeRun(join(runs, `${method}-${seed}`), { ...made, method, seed });
        }
      }
      for (let k = 0; k < 6; k++)
        await makeRun(join(runs, `wide-${k}`), { ...made, seed: k, width: 2 });
      await makeRun(join(runs, "stopped"), { ...made, seed: 1, state: "stopped", step: 20 });
      await makeRun(join(runs, "failed"), { ...made, seed: 1, state: "failed", step: 20 });
      const list = await json<RunsEvent>(app, "/api/runs");
      expect(list.runs).toHaveLength(200);
      const gains = new Map(list.runs.map(({ id, gain }) => [id, gain]));
      for (const seed of [0, 31, 63]) {
        expect(gains.get(`cfcontra-${seed}`)).toMatchObject({
          ...{ kind: "source-only", id: `source-only-${seed}`, value: expect.closeTo(0.044, 3) },
        });
      }
      expect([...gains].filter(([, gain]) => gain).length).toBe(128);
      const settings = await json<RunSettings>(app, "/api/settings");
      expect(settings.keys).toEqual(["network.width"]);
      expect(settings.runs["wide-3"]).toEqual({ "network.width": "2" });
    });
  });

  test("groups runs that differ only in the seed", async () => {
    await withApp(async (app, runs) => {
      for (const seed of [1, 2]) await makeRun(join(runs, `a${seed}`), { seed });
      await makeRun(join(runs, "b"), { method: "minent" });
      const config = join(runs, "a2", "config.yaml");
      const others =
        "options: { minent: { entropy: 9 } }\npretrain: { run: runs/a-pretrained-2 }\n";
      writeFileSync(config, readFileSync(config, "utf8") + others);
      const one = join(runs, "a1", "config.yaml");
      const older = readFileSync(one, "utf8").replace(
        "width:",
        "weights: x/a-pretrained-1\n  width:",
      );
      writeFileSync(one, `${older}pretrain: {}\n`);
      const { runs: list } = await json<RunsEvent>(app, "/api/runs");
      const group = (id: string) => list.find((run) => run.id === id)?.group;
      expect(group("a1")).toBe(group("a2"));
      expect(group("a1")).not.toBe(group("b"));
    });
  });

  test("follows runs that appear, grow and disappear, and survives torn files and nonsense", async () => {
    await withApp(async (app, runs) => {
      const one = join(runs, "one");
      await makeRun(one, { state: "running", step: 200 });
      await makeRun(join(runs, "two"));
      const before = await json<RunsEvent>(app, "/api/runs");
      expect(before.runs).toHaveLength(2);
      rmSync(join(runs, "two"), { recursive: true });
      appendFileSync(
        join(one, "metrics.jsonl"),
        `${metricsLine(210, 900)}\n${scoresLine(210, 900)}\n{"step":22`,
      );
      mkdirSync(join(runs, "odd"));
      for (const name of [
        "config.yaml",
        "status.json",
        "metrics.jsonl",
        "classes.json",
        "features.json",
        "prototypes.jsonl",
      ]) {
        writeFileSync(join(runs, "odd", name), '[1, "\u0000", {]\n');
      }
      await setTimeout(FRESH);
      const after = await json<RunsEvent>(app, "/api/runs");
      expect(after.runs.map(({ id }) => id).sort()).toEqual(["odd", "one"]);
      expect(after.runs.find(({ id }) => id === "one")).toMatchObject({
        step: 210,
        last: { target: { step: 210 } },
      });
      await json(app, "/api/run?run=odd");
      expect(await json(app, "/api/features?run=odd")).toBe(null);
      expect(await json(app, "/api/prototypes?run=odd")).toBe(null);
    });
  });

  test("a run folder itself can be served", async () => {
    await inTemporaryFolder(async (made) => {
      const root = realpathSync(made);
      await makeRun(join(root, "mine"));
      await makeRun(join(root, "other"));
      const app = dashboardApp({ runs: join(root, "mine"), pages: root });
      const { runs } = await json<RunsEvent>(app, "/api/runs");
      expect(runs.map(({ id }) => id)).toEqual(["mine"]);
      expect((await get(app, "/api/run?run=other")).status).toBe(404);
    });
  });
});

describe("a run", () => {
  test("has its configuration, keys, classes and pictures", async () => {
    await withApp(async (app, runs) => {
      await makeRun(join(runs, "demo/a"), { images: 2 });
      const details = await json<RunDetails>(app, "/api/run?run=demo/a");
      expect(details.settings).toMatchObject({ method: "cfcontra", "train.steps": "900" });
      expect(details.settings).not.toHaveProperty("train.seed");
      expect(details.keys).toContain("source/main");
      expect(details.classes?.names).toHaveLength(19);
      expect(details.previews).toHaveLength(2);
      expect(details.previews[1]).toMatchObject({
        set: "target",
        image: "001",
        name: "scene 1",
        truth: true,
      });
      expect(details.previews[0]?.predictions).toEqual([150, 300, 450, 600, 750, 900]);
      expect(details).toMatchObject({
        hasFeatures: true,
        hasPrototypes: true,
        hasConfusion: true,
      });
      const picture = await get(
        app,
        "/picture?run=demo/a&file=previews/target/000/step-0000150-entropy.png",
      );
      expect(picture.headers.get("content-type")).toBe("image/png");
      expect((await picture.arrayBuffer()).byteLength).toBeGreaterThan(60);
    });
  });

  test("has the weights of its losses; a damaged or missing file has none", async () => {
    await withApp(async (app, runs) => {
      await makeRun(join(runs, "a"));
      const weights = async () => (await json<RunDetails>(app, "/api/run?run=a")).weights;
      expect(await weights()).toMatchObject({ "source/main": 1, "source/aux": 0.1 });
      const file = join(runs, "a/losses.json");
      writeFileSync(file, '{"source/main":1,"a":"2","b":null,"c":{},"d":1e999}');
      expect(await weights()).toEqual({ "source/main": 1 });
      for (const text of ["[1,2]", '{"source/main":', ""]) {
        writeFileSync(file, text);
        expect(await weights()).toEqual({});
      }
      rmSync(file);
      expect(await weights()).toEqual({});
    });
  });

  test("has prototypes at any step, with their history", async () => {
    await withApp(async (app, runs) => {
      await makeRun(join(runs, "a"), { images: 1 });
      const newest = await json<Prototypes>(app, "/api/prototypes?run=a");
      expect(newest.step).toBe(900);
      expect(newest.steps).toEqual([150, 300, 450, 600, 750, 900]);
      expect(newest.aligned[5]).toBeCloseTo(0.9, 10);
      expect(newest.across[16]?.[3]).toBe(null);
      const earlier = await json<Prototypes>(app, "/api/prototypes?run=a&step=460");
      expect(earlier.step).toBe(450);
      expect(earlier.across[0]?.[0]).toBeCloseTo(0.75, 10);
    });
  });

  test("sends only new points, and all points after it was resumed from an earlier step", async () => {
    await withApp(async (app, runs) => {
      const path = join(runs, "a", "metrics.jsonl");
      await makeRun(join(runs, "a"), { state: "running", step: 300 });
      const series = async (have = "") => {
        const [only] = await json<RunSeries[]>(app, `/api/series?run=a&skip=iou/&have=${have}`);
        return only as RunSeries;
      };
      const first = await series();
      expect(first.complete).toBe(true);
      expect(first.series["source/main"]?.at).toHaveLength(30);
      expect(Object.keys(first.series).some((key) => key.startsWith("iou/"))).toBe(false);
      appendFileSync(path, `${metricsLine(310, 900)}\n${metricsLine(320, 900)}\n`);
      const next = await series(`${first.generation},${first.width},300`);
      expect(next.generation).toBe(first.generation);
      expect(next.series["source/main"]?.at).toEqual([300, 310, 320]);
      appendFileSync(path, `${metricsLine(200, 900)}\n`); // resumed from an earlier checkpoint
      const back = await series(`${next.generation},${next.width},320`);
      expect(back.generation).not.toBe(first.generation);
      expect(back.series["source/main"]?.at.at(-1)).toBe(200);
      expect(back.series["source/main"]?.at).toHaveLength(20);
    });
  });

  test("has names that are sent as text", async () => {
    await withApp(async (app, runs) => {
      const name = `<img src=x onerror=alert(1)> "&'`;
      await makeRun(join(runs, name), { error: "<script>alert(1)</script>", state: "failed" });
      const response = await get(app, "/api/runs");
      expect(response.headers.get("content-type")).toMatch(/^application\/json/);
      const list = (await response.json()) as RunsEvent;
      expect(list.runs[0]?.id).toBe(name);
      await json(app, `/api/run?run=${encodeURIComponent(name)}`);
    });
  });
});

describe("serve", () => {
  test("listens on this machine without a token, elsewhere with one; refuses bad ports and folders", async () => {
    await inTemporaryFolder(async (root) => {
      const here = { runs: root, pages: root, port: 0 };
      const near = await serve({ ...here, host: "127.0.0.1" });
      expect(near.address).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/$/);
      expect((await fetch(`${near.address}api/runs`)).status).toBe(200);
      const port = Number(new URL(near.address).port);
      await userError(serve({ ...here, host: "127.0.0.1", port }), "port-in-use", String(port));
      await near.close();
      const far = await serve({ ...here, host: "0.0.0.0" });
      expect(far.address).toMatch(/\?token=[\w-]{32}$/);
      const there = new URL(far.address);
      there.hostname = "127.0.0.1";
      expect((await fetch(there.origin)).status).toBe(401);
      const entry = await fetch(there, { redirect: "manual" });
      expect(entry.status).toBe(302);
      expect(entry.headers.get("set-cookie")).toMatch(`cfcontra-token-${there.port}=`);
      await far.close();
      const missing = join(root, "missing");
      expect(existsSync(missing)).toBe(false);
      await userError(serve({ ...here, runs: missing, host: "127.0.0.1" }), "not-found", missing);
    });
  });

  test("streams the whole list first, then its changes", async () => {
    await inTemporaryFolder(async (root) => {
      await makeRun(join(root, "a"), { state: "running", step: 100 });
      const serving = await serve({ runs: root, pages: root, host: "127.0.0.1", port: 0 });
      const response = await fetch(`${serving.address}api/events`);
      const reader = (response.body as ReadableStream<Uint8Array>).getReader();
      let text = "";
      const events = async (count: number): Promise<RunsEvent[]> => {
        for (;;) {
          const data = text
            .split("\n\n")
            .slice(0, -1)
            .flatMap((block) => /^data: (.*)$/m.exec(block)?.[1] ?? []);
          if (data.length >= count) return data.map((one) => JSON.parse(one));
          const { value, done } = await reader.read();
          if (done) throw new Error("the stream ended");
          text += new TextDecoder().decode(value);
        }
      };
      expect((await events(1))[0]).toMatchObject({ whole: true, runs: [{ id: "a", step: 100 }] });
      appendFileSync(join(root, "a/metrics.jsonl"), `${metricsLine(110, 900)}\n`);
      expect((await events(2))[1]).toMatchObject({ whole: false, runs: [{ id: "a", step: 110 }] });
      rmSync(join(root, "a"), { recursive: true });
      expect((await events(3))[2]).toMatchObject({ whole: false, gone: ["a"] });
      await reader.cancel();
      await serving.close();
    });
  });
});
