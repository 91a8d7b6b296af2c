import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openExperiment, type Preset, type RunEvent } from "../../src/experiment/index.js";
import { dispose, readTensors } from "../../src/torch/index.js";
import { cli, tiny, preset as writePreset } from "../cli/cli.js";
import { makeDomains } from "../datasets/fixtures.js";
import { userError } from "../user-error.js";

const root = mkdtempSync(join(tmpdir(), "cfcontra-after-"));
beforeAll(() => makeDomains(root));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const notes: string[] = [];
const listener = { note: (sentence: string) => notes.push(sentence), progress: () => {} };
const train = { ...tiny(root).train, steps: 2 };

/** An experiment that trains MaxSquare after another method. */
const experiment = (after: unknown, changes: object = {}) =>
  openExperiment(tiny(root, { train, after, method: "maxsquare", ...changes }) as Preset, {
    listener,
  });

async function run(of: ReturnType<typeof experiment>, out: string, stop?: AbortController) {
  const events: RunEvent[] = [];
  for await (const event of of.train({ out, ...(stop && { signal: stop.signal }) })) {
    events.push(event);
    if (stop && event.type === "step" && event.step === 1) stop.abort();
  }
  return events.flatMap((event) =>
    event.type === "start"
      ? [`${event.section ?? "run"} ${event.method} from ${event.step} of ${event.steps}`]
      : [],
  );
}

/** The network's tensors in the newest checkpoint of a run. */
function weights(out: string): Map<string, string> {
  const folder = join(out, "checkpoints");
  const { tensors } = readTensors(join(folder, readdirSync(folder).sort().at(-1) as string));
  const all = [...tensors].filter(([name]) => name.startsWith("network/"));
  const found = new Map(all.map(([name, tensor]) => [name, String(tensor.numbers())]));
  dispose(tensors);
  return found;
}

describe("after a method", () => {
  const folder = join(root, "chain");
  const out = join(folder, "run");
  const after = { method: "minent", steps: 3, rate: 0.002 };
  const pretrain = { steps: 1, rate: 0.01 };
  const chain = () => experiment(after, { pretrain });

  test("pretraining, the first method and the run are trained in order, once", async () => {
    notes.length = 0;
    expect(await run(chain(), out)).toEqual([
      "pretrain source-only from 0 of 1",
      "after minent from 0 of 3",
      "run maxsquare from 0 of 2",
    ]);
    const [pretrained, first] = [
      join(folder, "experiment-pretrained-1234"),
      join(folder, "experiment-minent-first-1234"),
    ];
    expect(notes.filter((note) => /^weights from/.test(note))).toEqual([
      expect.stringContaining(`from ${pretrained}`),
      expect.stringContaining(`from ${first}`),
    ]);
    expect(await run(chain(), join(folder, "again"))).toEqual(["run maxsquare from 0 of 2"]);
    rmSync(pretrained, { recursive: true }); // not needed any more
    expect(await run(chain(), join(folder, "third"))).toEqual(["run maxsquare from 0 of 2"]);
    expect(weights(join(folder, "third"))).toEqual(weights(out));
  });

  test("it starts from the last weights of the run of that method", async () => {
    const network = {
      ...tiny(root).network,
      weights: join(folder, "experiment-minent-first-1234"),
    };
    const plain = join(folder, "plain");
    await run(experiment(undefined, { network }), plain);
    expect(weights(plain)).toEqual(weights(out));
  });

  test("a first run that was stopped is resumed, and the run waits for it", async () => {
    const stopped = join(root, "stopped", "run");
    const one = experiment({ method: "minent", steps: 3 });
    expect(await run(one, stopped, new AbortController())).toEqual(["after minent from 0 of 3"]);
    expect(existsSync(stopped)).toBe(false);
    expect(await run(one, stopped)).toEqual([
      "after minent from 1 of 3",
      "run maxsquare from 0 of 2",
    ]);
  });

  test("a first run with other settings is an error", async () => {
    const other = experiment({ ...after, steps: 4 }, { pretrain });
    await userError(run(other, out), "pretraining-mismatch", "train.steps", "3", "4", "after.run");
    const entropy = experiment(after, { pretrain, options: { minent: { entropy: 0.5 } } });
    await userError(run(entropy, out), "pretraining-mismatch", "options.minent", "minent-first");
  });

  test("the command prints which run is trained first", async () => {
    const path = await writePreset(root, tiny(root, { train, after: { method: "minent" } }), "cli");
    const { code, err } = await cli("train", "--preset", path, "--out", join(root, "cli", "run"));
    expect([code, err]).toEqual([
      0,
      expect.stringMatching(/minent.*: 2 steps in .*cli-minent-first/),
    ]);
  });
});

describe("after a run", () => {
  const first = join(root, "first");
  beforeAll(async () => {
    await run(experiment(undefined, { method: "advent" }), first);
  });

  test("training starts from it, even if it has other settings", async () => {
    notes.length = 0;
    const own = experiment(first, { train: { ...train, rate: 0.5 } });
    expect(await run(own, join(root, "second"))).toEqual(["run maxsquare from 0 of 2"]);
    expect(notes[0]).toMatch(new RegExp(`^weights from ${first}`));
  });

  test.each([
    ["another network", { network: { ...tiny(root).network, width: 0.25 } }, "network.width"],
    ["another head", { network: { ...tiny(root).network, head: "moco" } }, "network.head"],
    ["other classes", { source: { ...tiny(root).source, classes: "synthia16" } }, "source.classes"],
  ])("%s is a sentence", async (_, changes, key) => {
    const refused = run(experiment(first, changes), join(root, "refused"));
    await userError(refused, "pretraining-mismatch", first, key);
  });

  test("a missing or incomplete run is an error", async () => {
    await userError(run(experiment(join(root, "no")), join(root, "x")), "not-found", "no");
    const begun = join(root, "begun");
    await run(experiment(undefined, { method: "minent" }), begun, new AbortController());
    await userError(run(experiment(begun), join(root, "x")), "run-incomplete", begun);
  });
});

test.each([
  ["neither method nor run", {}, "after"],
  ["steps for a run that is there", { run: "r", steps: 3 }, "after.method"],
  ["a misspelt key", { method: "minent", step: 3 }, "did you mean steps"],
])("%s is a sentence", async (_, after, text) => {
  const { message } = await userError(
    () => experiment(after),
    text.startsWith("did") ? "unknown-key" : "invalid-value",
  );
  expect(message).toContain(text);
});
