import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openExperiment, type Preset, runConfig } from "../../src/experiment/index.js";
import { dispose } from "../../src/torch/index.js";
import { latestCheckpoint, readCheckpoint, readJsonLines } from "../../src/train/index.js";
import { cli, preset, tiny } from "../cli/cli.js";
import { makeDomains } from "../datasets/fixtures.js";
import { userError } from "../user-error.js";

const root = mkdtempSync(join(tmpdir(), "cfcontra-labelled-"));
beforeAll(() => makeDomains(root, 4, 3));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const cityscapes = { type: "cityscapes", root: join(root, "cityscapes"), split: "train" };
const camvid = { type: "camvid", root: join(root, "camvid"), classes: "cityscapes" };
const listener = { note: () => {}, progress: () => {} };

const experiment = (changes: object) =>
  openExperiment(tiny(root, { labelledTarget: cityscapes, ...changes }) as Preset, { listener });

/** Trains; `stopAfter` is a step after which a signal stops the run. */
async function trained(
  of: ReturnType<typeof experiment>,
  out: string,
  { resume = false, stopAfter = 0 } = {},
): Promise<void> {
  const stop = new AbortController();
  for await (const event of of.train({ out, resume, signal: stop.signal })) {
    if (event.type === "step" && event.step === stopAfter) stop.abort();
  }
}

/** The newest checkpoint: every tensor, the random state included. */
function bits(out: string): Map<string, string> {
  const { tensors } = readCheckpoint(latestCheckpoint(out));
  const found = new Map([...tensors].map(([name, tensor]) => [name, String(tensor.typed())]));
  dispose(tensors);
  return found;
}

type Line = Readonly<Record<string, number>>;
/** Metrics that do not depend on the clock. */
const metrics = (out: string) =>
  readJsonLines<Line>(join(out, "metrics.jsonl")).map(
    ({ seconds: _, waiting: __, memory: ___, ...numbers }) => numbers,
  );

/** Everything that draws random numbers for images. */
const everyStream = {
  method: "cfcontra",
  augment: { flip: true, crop: 0.6, jitter: 0.3, blur: 1 },
  sampling: { rareClasses: true },
  train: { ...tiny(root).train, steps: 6, checkpointEvery: 2 },
};

describe.each(["source", "both"])("with augmentation, sampling and style of %s", (domains) => {
  const config = { ...everyStream, style: { method: "color", images: 2, domains } };

  test("a resumed run ends in the bits of an uninterrupted one", async () => {
    const [whole, parts] = [join(root, `whole-${domains}`), join(root, `parts-${domains}`)];
    await trained(experiment(config), whole);
    await trained(experiment(config), parts, { stopAfter: 3 });
    await trained(experiment(config), parts, { resume: true });
    expect(bits(parts)).toEqual(bits(whole));
    expect(metrics(parts)).toEqual(metrics(whole));
    const [line] = metrics(whole).filter((one) => "labelled/main" in one);
    expect(line?.["labelled/main"]).toBeGreaterThan(0);
    expect(line?.["labelled/aux"]).toBeGreaterThan(0);
  });

  test("weight 0 ends in the bits of a run without labels", async () => {
    const [zero, without] = [join(root, `zero-${domains}`), join(root, `without-${domains}`)];
    await trained(experiment({ ...config, labelledTarget: { ...cityscapes, weight: 0 } }), zero);
    await trained(experiment({ ...config, labelledTarget: undefined }), without);
    expect(bits(zero)).toEqual(bits(without));
    expect(bits(zero)).not.toEqual(bits(join(root, `whole-${domains}`)));
  });
});

describe("a run with labels", () => {
  const pretrain = { steps: 1, rate: 0.01 };
  const folder = join(root, "runs");
  const out = join(folder, "labels");

  test("shares the pretraining of runs without, and records its labels", async () => {
    const events: string[] = [];
    for (const [labelledTarget, own] of [
      [undefined, join(folder, "none")],
      [{ ...cityscapes, weight: 0.5 }, out],
    ] as const) {
      const run = experiment({ method: "source-only", pretrain, labelledTarget });
      for await (const event of run.train({ out: own })) {
        if (event.type === "start") events.push(event.section ?? "run");
      }
    }
    expect(events).toEqual(["pretrain", "run", "run"]);
    expect(runConfig(out).labelledTarget).toEqual({ ...cityscapes, weight: 0.5 });
    expect(runConfig(join(folder, "none"))).not.toHaveProperty("labelledTarget");
    expect(readFileSync(join(folder, "none", "metrics.jsonl"), "utf8")).not.toContain("labelled");
    const notes = readFileSync(join(out, "notes.jsonl"), "utf8");
    expect(notes).toContain("1 of 4 labelled target images in every step (weight 0.5)");
    expect(readFileSync(join(out, "report.html"), "utf8")).toContain("with labels of cityscapes");
  });

  test("opens the labels only of labelledTarget", async () => {
    const { target, labelledTarget } = await experiment({}).domains();
    expect((await target.load(0)).label).toBeUndefined();
    expect((await labelledTarget?.load(0))?.label).toBeInstanceOf(Uint8Array);
    expect(await experiment({ labelledTarget: undefined }).domains()).not.toHaveProperty(
      "labelledTarget",
    );
  });

  test("is forecast and checked by its key", async () => {
    const path = await preset(root, tiny(root, { labelledTarget: { ...cityscapes, weight: 2 } }));
    const dry = await cli("train", "--preset", path, "--dry-run");
    expect(dry).toMatchObject({ code: 0 });
    expect(dry.out).toMatch(/labelled target +cityscapes .*, 4 images/);
    const sheet = ["--out", join(root, "sheet.png")];
    const check = await cli("data", "check", path, "--set-of", "labelledTarget", ...sheet);
    expect(check).toMatchObject({ code: 0 });
    expect(check.out).toContain("cityscapes");
    const none = await preset(root, tiny(root), "none");
    const unknown = await cli("data", "check", none, "--set-of", "labelledTarget", ...sheet);
    expect(unknown.error).toBe("unknown-name");
  });
});

describe("refused", () => {
  const domains = (labelledTarget: object, changes: object = {}) =>
    experiment({ labelledTarget, ...changes }).domains();

  test("images that are also measured on, whatever the path", async () => {
    await userError(
      () => domains(camvid),
      ...(["conflicting-options", "labelledTarget", "evaluate.camvid", "3 of 3"] as const),
    );
    symlinkSync(join(root, "camvid"), join(root, "link"));
    const linked = { ...camvid, root: join(root, "link") };
    await userError(() => domains(linked), "conflicting-options", "evaluate.camvid");
    cpSync(join(root, "camvid"), join(root, "copy"), { recursive: true });
    const copied = { ...camvid, root: join(root, "copy") };
    await userError(() => domains(copied), "conflicting-options", "3 of 3", join(root, "camvid"));
  });

  test("a set without labels", async () => {
    mkdirSync(join(root, "plain"));
    symlinkSync(join(root, "cityscapes", "leftImg8bit"), join(root, "plain", "images"));
    const plain = { type: "folder", root: join(root, "plain"), classes: "cityscapes" };
    await userError(() => domains(plain), "no-labels", "labelledTarget", join(root, "plain"));
    await userError(() => domains({ ...cityscapes, labelled: false }), "no-labels");
    const named = { ...plain, labels: "gtFine" };
    await userError(() => domains(named), "dataset-layout", "labelledTarget", "gtFine");
  });

  test("other classes, and a weight that is negative", async () => {
    const other = { ...cityscapes, classes: ["road", "sky"] };
    await userError(() => domains(other), "class-mismatch", "labelledTarget", "road, sky");
    await userError(() => domains({ ...cityscapes, weight: -1 }), "invalid-value", "weight");
    await userError(() => domains({ ...cityscapes, wieght: 1 }), "unknown-key", "wieght");
  });
});
