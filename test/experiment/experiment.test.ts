import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { camvid11 } from "../../src/datasets/class-sets.js";
import { openExperiment, openRun, type Preset, type RunEvent } from "../../src/experiment/index.js";
import { modelInfo } from "../../src/export/index.js";
import type { Method, Progress } from "../../src/methods/method.js";
import { methods } from "../../src/methods/methods.js";
import { tiny } from "../cli/cli.js";
import { makeDomains } from "../datasets/fixtures.js";
import { userError } from "../user-error.js";

const root = mkdtempSync(join(tmpdir(), "cfcontra-experiment-"));
const quiet = { note: () => {}, progress: () => {} };
const preset = (changes = {}) => tiny(root, changes) as unknown as Preset;
const checkpoints = (run: string) => readdirSync(join(run, "checkpoints"));
const state = (run: string) => JSON.parse(readFileSync(join(run, "status.json"), "utf8")).state;

beforeAll(() => makeDomains(root));
afterAll(() => rmSync(root, { recursive: true, force: true }));

async function all(events: AsyncIterable<RunEvent>): Promise<RunEvent[]> {
  const found: RunEvent[] = [];
  for await (const event of events) found.push(event);
  return found;
}

test("trains a preset given as an object, with overrides, and yields events of pretraining and run", async () => {
  const experiment = openExperiment(preset({ pretrain: { steps: 2, rate: 0.01 } }), {
    method: "minent",
    overrides: { train: { steps: 2, evaluateEvery: 1, checkpointEvery: 1 } },
    listener: quiet,
  });
  const out = join(root, "runs", "minent");
  const events = await all(experiment.train({ out }));
  const order = events.map((event) =>
    event.type === "step" || event.type === "evaluation" || event.type === "checkpoint"
      ? `${event.type} ${event.step}`
      : event.type,
  );
  expect(order).toEqual([
    ...["start", "evaluation 0", "step 1", "checkpoint 1", "evaluation 1", "step 2"],
    ...["checkpoint 2", "evaluation 2", "end"],
    ...["start", "evaluation 0", "step 1", "checkpoint 1", "evaluation 1", "step 2"],
    ...["checkpoint 2", "evaluation 2", "end"],
  ]);
  const starts = events.flatMap((event) => (event.type === "start" ? [event] : []));
  expect(starts.map(({ method }) => method)).toEqual(["source-only", "minent"]);
  expect(starts[1]?.out).toBe(out);
  const losses = JSON.parse(readFileSync(join(out, "losses.json"), "utf8"));
  const { aux, entropy, entropyAux } = methods.minent.options.parse({});
  expect(losses).toEqual({
    ...{ "source/main": 1, "source/aux": aux },
    ...{ "target/entropy": entropy, "target/entropyAux": entropyAux },
  });
  for (const event of events) {
    if (event.type !== "step") continue;
    expect(event.loss).toBe(event.scalars["source/main"]);
  }
  expect(experiment.pretraining()?.out).toMatch(/experiment-pretrained-/);

  const run = openRun(out, { listener: quiet });
  const { camvid } = await run.evaluate();
  const end = events.at(-1);
  expect(end?.type === "end" && end.result.scores.camvid).toEqual(camvid?.scores);
  const [name] = readdirSync(join(root, "gta5", "images"));
  const image = join(root, "gta5", "images", name as string);
  const { labels, width, height } = await run.predict(image);
  expect(labels).toHaveLength(width * height);
  expect(run.exportOnnx().length).toBeGreaterThan(10_000);
  run.dispose();
});

test("a run keeps the colours of its classes, those of the user and those of the data set", async () => {
  const own: { name: string; color?: number[] }[] = [
    { name: "road", color: [1, 2, 3] },
    { name: "sky", color: [250, 120, 0] },
    { name: "car" },
  ];
  const names = own.map(({ name }) => name);
  const { source, target, evaluate } = tiny(root);
  const custom = {
    source: { ...source, classes: own },
    target: { ...target, classes: names },
    evaluate: { camvid: { ...evaluate.camvid, classes: names } },
  };
  const camvid = { type: "camvid", root: join(root, "camvid") };
  const published = {
    source: camvid,
    target: { ...target, classes: "camvid" },
    evaluate: { camvid },
  };
  const colors = async (sets: object, name: string) => {
    const out = join(root, "runs", name);
    const overrides = { train: { steps: 1 } };
    const options = { method: "source-only", overrides, listener: quiet };
    await all(openExperiment(preset(sets), options).train({ out }));
    const run = openRun(out, { listener: quiet });
    const exported = modelInfo(run.exportOnnx())?.classes;
    expect(exported?.map(({ color }) => color)).toEqual(run.classes.colors);
    expect(exported?.map((entry) => entry.name)).toEqual(run.classes.names);
    const written = JSON.parse(readFileSync(join(out, "classes.json"), "utf8"));
    expect(written).toEqual(run.classes);
    run.dispose();
    return run.classes.colors;
  };
  expect(await colors(custom, "custom")).toEqual([
    [1, 2, 3],
    [250, 120, 0],
    [0, 0, 142],
  ]);
  expect(await colors(published, "published")).toEqual(camvid11.colors);
});

test("leaving the loop saves a checkpoint, from which the run resumes", async () => {
  const experiment = openExperiment(
    preset({ train: { ...tiny(root).train, checkpointEvery: 100 } }),
    {
      method: "source-only",
      listener: quiet,
    },
  );
  const out = join(root, "runs", "left");
  for await (const event of experiment.train({ out })) {
    if (event.type === "step" && event.step === 2) break;
  }
  expect(checkpoints(out)).toEqual(["step-0000002.safetensors"]);
  expect([state(out), existsSync(join(out, "run.lock"))]).toEqual(["stopped", false]);
  const rest = await all(experiment.train({ out, resume: true }));
  expect(rest.flatMap((event) => (event.type === "step" ? [event.step] : []))).toEqual([3]);
  expect(state(out)).toBe("complete");
});

test("if leaving the loop cannot save a checkpoint, the run has stopped nevertheless", async () => {
  const options = { method: "source-only", overrides: { train: { checkpointEvery: 100 } } };
  const out = join(root, "runs", "unsaved");
  const leave = async () => {
    for await (const { type } of openExperiment(preset(), { ...options, listener: quiet }).train({
      out,
    })) {
      if (type !== "step") continue;
      writeFileSync(join(out, "checkpoints"), "a file");
      return;
    }
  };
  await userError(leave(), "not-writable", join(out, "checkpoints"));
  expect([state(out), existsSync(join(out, "run.lock"))]).toEqual(["stopped", false]);
});

test("a complete run that goes on to more steps is incomplete until it has done them", async () => {
  const out = join(root, "runs", "longer");
  const until = (steps: number) =>
    openExperiment(preset(), { overrides: { train: { steps } }, listener: quiet });
  const isComplete = () => existsSync(join(out, "result.json"));
  await all(until(2).train({ out }));
  await all(until(2).train({ out, resume: true }));
  expect(isComplete()).toBe(true);
  for await (const { type } of until(9).train({ out, resume: true })) {
    if (type !== "step") continue;
    expect(isComplete()).toBe(false);
    break;
  }
  expect(isComplete()).toBe(false);
  await all(until(9).train({ out, resume: true }));
  expect(isComplete()).toBe(true);
});

test("an aborted signal ends the run after the current step", async () => {
  const controller = new AbortController();
  const out = join(root, "runs", "aborted");
  const experiment = openExperiment(preset(), { method: "source-only", listener: quiet });
  const events: RunEvent[] = [];
  for await (const event of experiment.train({ out, signal: controller.signal })) {
    events.push(event);
    if (event.type === "step") controller.abort();
  }
  const end = events.at(-1);
  expect(end?.type === "end" && [end.result.complete, end.result.steps]).toEqual([false, 1]);
  expect(checkpoints(out)).toEqual(["step-0000001.safetensors"]);
});

test("a pretraining starts from network.weights", async () => {
  const first = join(root, "runs", "first");
  await all(
    openExperiment(preset(), { method: "source-only", listener: quiet }).train({ out: first }),
  );
  const notes: string[] = [];
  const experiment = openExperiment(preset({ pretrain: { steps: 1, rate: 0.01 } }), {
    method: "minent",
    overrides: { network: { weights: first }, pretrain: { run: join(root, "runs", "second") } },
    listener: { ...quiet, note: (sentence) => notes.push(sentence) },
  });
  await all(experiment.train({ out: join(root, "runs", "third") }));
  expect(notes[0]).toMatch(/^weights from \S+first/);
  expect(notes[1]).toMatch(/^weights from \S+second/);
});

test("a run that cannot start leaves no folder", async () => {
  const out = join(root, "runs", "never");
  const network = { ...tiny(root).network, weights: join(root, "missing.pth") };
  const experiment = openExperiment(preset({ network }), { listener: quiet });
  await userError(all(experiment.train({ out })), "not-found", network.weights);
  expect(existsSync(out)).toBe(false);
});

test("refuses a misspelt override, and an unknown preset", async () => {
  const overrides = { train: { stpes: 3 } } as object;
  const misspelt = () => openExperiment(preset(), { overrides });
  await userError(misspelt, "unknown-key", "train.stpes", "did you mean steps");
  await userError(() => openExperiment("street"), "unknown-name", "street", "mean streets");
});

test("a folder that contains a run is not trained into again, and stays as it is", async () => {
  const overrides = { train: { steps: 1 } };
  const experiment = openExperiment(preset(), { overrides, listener: quiet });
  const out = join(root, "runs", "once");
  await all(experiment.train({ out }));
  const files = () => readdirSync(out, { recursive: true }).sort();
  const before = files();
  await userError(all(experiment.train({ out })), "already-exists", out, "--resume", "--out");
  expect(files()).toEqual(before);
});

test("resume needs something to resume", async () => {
  const experiment = openExperiment(preset(), { listener: quiet });
  const out = join(root, "runs", "misspelt");
  await userError(all(experiment.train({ out, resume: true })), "no-checkpoint", out);
  expect(existsSync(out)).toBe(false);
});

test("resume continues the pretraining in which a chain was stopped, and keeps its folder", async () => {
  const experiment = openExperiment(preset({ pretrain: { steps: 2, rate: 0.01 } }), {
    method: "minent",
    overrides: { train: { steps: 2, seed: 5 } },
    listener: quiet,
  });
  const out = join(root, "runs", "resumed");
  for await (const { type } of experiment.train({ out })) if (type === "step") break;
  expect(existsSync(join(out, "config.yaml"))).toBe(false);
  const events = await all(experiment.train({ out, resume: true }));
  const starts = events.flatMap((event) => (event.type === "start" ? [event] : []));
  expect(starts.map(({ method, step }) => [method, step])).toEqual([
    ["source-only", 1],
    ["minent", 0],
  ]);
  await all(experiment.train({ out, resume: true }));
  const pretrained = experiment.pretraining()?.out as string;
  expect(readFileSync(join(out, "config.yaml"), "utf8")).toContain(`run: ${dirname(out)}`);
  expect(pretrained).toMatch(/experiment-pretrained-5$/);
});

test("a pretraining has a schedule of its own if that of the training ends before it", () => {
  const scheduleOf = (steps: number) => {
    const overrides = { pretrain: { steps, rate: 0.01 }, train: { schedule: 5 } };
    const experiment = openExperiment(preset(), { overrides, listener: quiet });
    return experiment.pretraining()?.config.train.schedule;
  };
  expect([scheduleOf(5), scheduleOf(6)]).toEqual([5, undefined]);
});

test("a dry run measures the last steps of a run, and numbers them from 1", async () => {
  const entry = methods["source-only"];
  const { create } = entry;
  const seen: number[] = [];
  const spy = vi.spyOn(entry, "create").mockImplementation((...given) => {
    const method: Method = create(...given);
    const step = (batches: never, progress: Progress) => {
      seen.push(progress.step);
      return method.step(batches, progress);
    };
    return { ...method, step } as Method;
  });
  const overrides = { train: { steps: 26, device: "cpu" } };
  const options = { method: "source-only", overrides, listener: quiet };
  const steps: number[] = [];
  try {
    await openExperiment(preset(), options).forecast((_, step) => steps.push(step));
  } finally {
    spy.mockRestore();
  }
  expect(seen).toEqual([22, 23, 24, 25]);
  expect(steps).toEqual([1, 2, 3, 4]);
});
