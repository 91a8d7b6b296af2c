import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Command } from "commander";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { commandLine } from "../../src/cli/command-line.js";
import { makeDomains } from "../datasets/fixtures.js";
import { cli, expectError, preset, tiny } from "./cli.js";

/** These serve, or print a list of files or a script: nothing to parse. */
const WITHOUT = ["report", "playground", "dashboard", "setup", "completion"];

let root: string;
let run: string;
let config: string;
let trained: Awaited<ReturnType<typeof cli>>;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "cfcontra-"));
  await makeDomains(root);
  run = join(root, "run");
  const train = { ...tiny(root).train, steps: 4, evaluateEvery: 2 };
  config = await preset(root, tiny(root, { train }));
  trained = await cli("train", "--preset", config, "--out", run, "--json");
});
afterAll(() => rm(root, { recursive: true, force: true }));

const leaves = (command: Command): Command[] =>
  command.commands.length > 0 ? command.commands.flatMap(leaves) : [command];

test("every command that returns data has --json, with the same meaning", async () => {
  const [having, lacking] = [[] as string[], [] as string[]];
  const descriptions = new Set<string>();
  for (const command of leaves(await commandLine())) {
    const json = command.options.find(({ long }) => long === "--json");
    (json ? having : lacking).push(command.name());
    if (json) descriptions.add(`${json.flags}: ${json.description}`);
  }
  expect(lacking.sort()).toEqual([...WITHOUT].sort());
  expect(having.length).toBeGreaterThan(10);
  expect(descriptions.size).toBe(1);
});

describe("stdout is one JSON value with --json:", () => {
  const parsed = ({ code, out, err }: Awaited<ReturnType<typeof cli>>) => {
    expect(err).not.toMatch(/error/);
    expect(code).toBe(0);
    return JSON.parse(out); // throws for anything before or after the value
  };
  test("train", () => {
    const { run: folder, ...result } = parsed(trained);
    expect(folder).toBe(run);
    expect(result).toEqual(JSON.parse(readFileSync(join(run, "result.json"), "utf8")));
    expect(result).toMatchObject({ method: "cfcontra", start: 0, steps: 4, complete: true });
    expect(result.peakMemory).toBeGreaterThan(100);
    expect(trained.err).toMatch(/^step 2: mIoU camvid \d+\.\d$/m); // not the last, which is the result
    expect(trained.err).not.toMatch(/^step 4: mIoU/m);
  });
  test("train --dry-run", async () => {
    const found = parsed(await cli("train", "--preset", config, "--dry-run", "--json"));
    expect(found).toMatchObject({ config: { train: { steps: 4 } }, source: { images: 3 } });
    expect(found.seconds).toBeCloseTo(4 * found.secondsPerStep);
  });
  test("pretrain, and the same again if it exists", async () => {
    const args = ["pretrain", "--preset", config, "--steps", "1", "--out", join(root, "first")];
    const made = parsed(await cli(...args, "--json"));
    expect(made).toMatchObject({ run: join(root, "first"), method: "source-only", steps: 1 });
    expect(parsed(await cli(...args, "--json"))).toEqual(made);
  });
  test("evaluate, the same as in a file", async () => {
    const file = join(root, "scores.json");
    const printed = parsed(await cli("evaluate", run, "--json"));
    const { out } = await cli("evaluate", run, "--json", file);
    expect(out).toMatch(/^road +/m);
    expect(JSON.parse(readFileSync(file, "utf8"))).toEqual(printed);
    expect(printed.scores).toEqual(parsed(trained).scores);
  });
  test("compare", async () => {
    const out = join(root, "comparison");
    const printed = parsed(await cli("compare", run, "--out", out, "--json"));
    expect(printed).toEqual(JSON.parse(readFileSync(join(out, "comparison.json"), "utf8")));
    expect(printed.groups[0]).toMatchObject({ method: "cfcontra", seeds: [1234] });
  });
  test("predict", async () => {
    const out = join(root, "predictions");
    const found = parsed(
      await cli("predict", run, join(root, "camvid", "train"), "--out", out, "--json"),
    );
    expect(found.classes).toHaveLength(19);
    for (const { image, labels, overlay } of found.images) {
      expect([image, labels, overlay].map((path) => existsSync(path))).toEqual([true, true, true]);
    }
  });
  test("export", async () => {
    const file = join(root, "model.onnx");
    const found = parsed(await cli("export", run, "--out", file, "--argmax", "--json"));
    expect(found).toMatchObject({ file, outputs: "labels", storage: "float32" });
    expect(found.bytes).toBe(readFileSync(file).length);
    expect(found.agreement).toBeGreaterThan(0.99);
  });
  test("weights inspect and convert", async () => {
    const file = join(root, "weights.pth");
    const made = parsed(await cli("weights", "convert", run, file, "--json"));
    const found = parsed(await cli("weights", "inspect", file, "--json"));
    expect(found.tensors).toHaveLength(made.tensors);
    expect(found.network).toMatch(/ResNet-18/);
    expect(found.tensors[0]).toMatchObject({ dtype: "float32", shape: [8, 3, 7, 7] });
  });
  test("data check, whose exit code is still 1 for problems", async () => {
    const args = ["data", "check", config, "--out", join(root, "sheet.png"), "--json"];
    const found = parsed(await cli(...args));
    expect(found).toMatchObject({ images: 3, problems: [], classes: expect.any(Array) });
    expect(found.classes[0]).toMatchObject({ name: "road", share: expect.any(Number) });
    const image = join(root, "gta5", "images", "00002.png");
    const before = readFileSync(image);
    await writeFile(image, "no image");
    const bad = await cli(...args);
    await writeFile(image, before);
    expect(bad.code).toBe(1);
    expect(JSON.parse(bad.out).problems).toHaveLength(1);
  });
  test("style preview, train and apply", async () => {
    const sheet = join(root, "styles.png");
    const base = [config, "--set", `source=${JSON.stringify(tiny(root).target)}`, "--json"];
    const preview = ["--styles", "color", "--count", "2", "--out", sheet];
    const shown = parsed(await cli("style", "preview", ...base, ...preview));
    expect(shown).toMatchObject({ sheet, images: 2, edges: { color: expect.any(Array) } });
    expect(shown.edges.color).toHaveLength(shown.alphas.length);
    const copy = ["--style", "color", "--out", join(root, "copy"), "--measure"];
    const applied = parsed(await cli("style", "apply", ...base, ...copy));
    expect(applied).toMatchObject({ made: 3, kept: 0, complete: true });
    expect(applied.edges.lowest).toBeLessThanOrEqual(applied.edges.median);
    const few = { steps: 2, reproduce: 2, width: 0.0625 };
    const coder = join(root, "coder.safetensors");
    const made = ["--out", coder, "--set", `style.training=${JSON.stringify(few)}`];
    expect(parsed(await cli("style", "train", ...base, ...made))).toEqual({
      ...{ coder, kind: "vgg", width: 0.0625 },
    });
  });
});

test("--json does not overwrite a file without .json", async () => {
  const config = join(run, "config.yaml");
  const before = readFileSync(config, "utf8");
  for (const path of [run, config]) {
    const refused = await cli("evaluate", "--json", path, run);
    expectError(refused, "already-exists", `--json ${path}`, "put --json last");
    expect(refused.out).toBe("");
  }
  expect(readFileSync(config, "utf8")).toBe(before);
  const folder = join(root, "nowhere");
  const nowhere = await cli("evaluate", "--json", join(folder, "x.json"), run);
  expectError(nowhere, "not-found", `--json ${folder}/x.json`, `folder ${folder} `);
});

test("a failed command prints its error as JSON, an interrupted run its partial result", async () => {
  const failed = await cli("evaluate", join(root, "nowhere"), "--json");
  expect(failed.code).toBe(1);
  expect(JSON.parse(failed.out)).toEqual({
    error: { code: "not-found", message: expect.stringContaining("nowhere") },
  });
  const silent = await cli("evaluate", join(root, "nowhere"));
  expect(silent.out).toBe("");
  const run = join(root, "stopped");
  const timer = setInterval(() => {
    if (!existsSync(join(run, "metrics.jsonl"))) return;
    clearInterval(timer);
    process.emit("SIGINT");
  }, 10);
  const args = ["train", "--preset", config, "--out", run, "--steps", "100000", "--json"];
  const stopped = await cli(...args, "--set", "train.evaluateEvery=0");
  expect(stopped.code).toBe(130);
  expect(stopped.err).toMatch(
    /^stopped after step \d+; resume with: npx cfcontra train --resume /m,
  );
  const { steps, complete } = JSON.parse(stopped.out);
  expect(complete).toBe(false);

  const resumed = await cli(
    "train",
    "--resume",
    run,
    "--set",
    `train.steps=${steps + 2}`,
    "--json",
  );
  expect(JSON.parse(resumed.out)).toMatchObject({ start: steps, steps: steps + 2, complete: true });
});
