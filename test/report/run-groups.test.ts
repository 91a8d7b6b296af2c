import { describe, expect, test } from "vitest";
import {
  besidesMethod,
  differences,
  groupKey,
  measurementOf,
  settingsOf,
} from "../../src/report/run-groups.js";
import { type Changes, configuration } from "./configuration.js";

const settings = (changes?: Changes) =>
  settingsOf(JSON.parse(JSON.stringify(configuration(changes))));
const key = (changes?: Changes) => groupKey(settings(changes));

/** What two seeds start from, in the same way. */
const starting = (start: (seed: number) => Changes) =>
  [1, 2].map((seed) => key({ ...start(seed), train: { seed } }));

describe("a group", () => {
  test("has settings as dotted keys, with its own method's options alone", () => {
    expect([...settings()]).toEqual([
      ["evaluate.target.root", "/data/streets"],
      ["evaluate.target.split", "test"],
      ["evaluate.target.type", "streets"],
      ["method", "cfcontra"],
      ["network.backbone", "resnet18"],
      ["network.head", "moco"],
      ["network.width", "0.5"],
      ["options.cfcontra.contrast", "0.05"],
      ["options.cfcontra.scales", "[1,0.5]"],
      ["pretrain.rate", "0.03"],
      ["pretrain.steps", "2500"],
      ["sizes.source.height", "96"],
      ["sizes.source.width", "192"],
      ["source.domain", "source"],
      ["source.root", "/data/streets"],
      ["source.type", "streets"],
      ["target.domain", "target"],
      ["target.root", "/data/streets"],
      ["target.type", "streets"],
      ["train.rate", "0.01"],
      ["train.steps", "500"],
    ]);
  });

  test("is told by the method it comes after, its options included, not by where that lies", () => {
    const following = (own: object, entropy = 0.1) =>
      key({
        after: { method: "minent", steps: 5, ...own },
        options: { cfcontra: {}, minent: { entropy } },
      });
    const first = following({ run: "/a/streets-minent-first-1" });
    expect(following({ run: "/b/other" })).toBe(first);
    expect(following({ steps: 6 })).not.toBe(first);
    expect(following({}, 0.2)).not.toBe(first);
    const named = (run: string) => key({ after: { run } });
    expect(named("/a/streets-minent-1")).not.toBe(named("/a/streets-advent-1"));
    const seeds = starting((seed) => ({ after: { run: `/a/streets-minent-${seed}` } }));
    expect(seeds[0]).toBe(seeds[1]);
  });

  const alike: [string, Changes][] = [
    ["the seed", { train: { seed: 2 } }],
    ["when it is saved and measured", { train: { checkpointEvery: 10, evaluateEvery: 7 } }],
    ["what is logged", { train: { gradientNorms: true } }],
    ["the device", { train: { device: "cuda:1" } }],
    ["how the device computes", { train: { deterministic: true, benchmark: true, graphs: true } }],
    ["another method's options", { options: { cfcontra: { contrast: 0.05, scales: [1, 0.5] } } }],
    ["the order of keys", { options: { cfcontra: { scales: [1, 0.5], contrast: 0.05 } } }],
  ];
  test.each(alike)("does not end at %s", (_, changes) => {
    expect(key(changes)).toBe(key());
  });

  const apart: [string, Changes][] = [
    ["the method", { method: "minent" }],
    ["its own options", { options: { cfcontra: { contrast: 0.1, scales: [1, 0.5] } } }],
    ["the rate", { train: { rate: 0.02 } }],
    ["the network", { network: { width: 1 } }],
    ["the pretraining's length", { pretrain: { steps: 100, rate: 0.03 } }],
    ["having no pretraining", { pretrain: undefined }],
    ["weights that are no pretraining", { network: { weights: "/data/resnet18.pth" } }],
  ];
  test.each(apart)("ends at %s", (_, changes) => {
    expect(key(changes)).not.toBe(key());
  });

  const starts: [string, (seed: number) => Changes][] = [
    ["its pretraining", (seed) => ({ network: { weights: `/runs/streets-pretrained-${seed}` } })],
    ["its pretraining elsewhere", (seed) => ({ network: { weights: `/${seed}/pretrained` } })],
    ["a shared pretraining", () => ({ network: { weights: "/runs/streets-pretrained-1" } })],
    [
      "its pretraining, as `pretrain.run`",
      (seed) => ({ pretrain: { steps: 2500, rate: 0.03, run: `/runs/a-pretrained-${seed}/` } }),
    ],
    [
      "a run of its seed",
      (seed) => ({ pretrain: undefined, network: { weights: `/runs/start-${seed}` } }),
    ],
    [
      "a shared pretraining, without a section for it",
      () => ({ pretrain: undefined, network: { weights: "/runs/a-pretrained-1" } }),
    ],
    ["one file", () => ({ network: { weights: "/data/resnet18.pth" } })],
  ];
  test.each(starts)("is one where each seed starts from %s", (_, start) => {
    const [one, two] = starting(start);
    expect(one).toBe(two);
  });

  const others: [string, (seed: number) => Changes][] = [
    ["runs of other names", (seed) => ({ network: { weights: `/runs/${"ab"[seed - 1]}` } })],
    ["runs of other lengths", (seed) => ({ network: { weights: `/runs/start-${seed}000` } })],
    ["checkpoints of other runs", (seed) => ({ network: { weights: `/runs/${seed}/a.pth` } })],
  ];
  test.each(others)("is not one where they start from %s", (_, start) => {
    const [one, two] = starting(start);
    expect(one).not.toBe(two);
  });

  test("is the same for an old run, which names its pretraining as weights, and a new one", () => {
    const old = key({ network: { weights: "/runs/a-pretrained-1" } });
    const { pretrain } = configuration();
    expect(key({ pretrain: { ...pretrain, run: "/runs/a-pretrained-1" } })).toBe(old);
    expect(key()).toBe(old);
  });

  test("exists for anything that a file may contain", () => {
    for (const nonsense of [{}, { method: 1, train: null, options: [] }, { network: "weights" }])
      expect(groupKey(settingsOf(nonsense))).toBe(groupKey(settingsOf(nonsense)));
    expect([...settingsOf({ train: null, method: ["a"] })]).toEqual([
      ["method", '["a"]'],
      ["train", "null"],
    ]);
  });
});

test("differences: options among the runs of their method, the rest among all", () => {
  const minent = settings({ method: "minent" });
  expect(differences([settings(), settings({ train: { seed: 2 } })])).toEqual([]);
  expect(differences([settings(), minent])).toEqual(["method"]);
  const other = { cfcontra: { contrast: 0.1 } };
  expect(differences([settings({ train: { rate: 0.1 } }), settings({ options: other })])).toEqual([
    "options.cfcontra.contrast",
    "options.cfcontra.scales",
    "train.rate",
  ]);
  expect(differences([settings(), settings({ options: other }), minent])).toEqual([
    "method",
    "options.cfcontra.contrast",
    "options.cfcontra.scales",
  ]);
});

test("besides the method: whatever differs between a run and its source-only", () => {
  const beside = (changes?: Changes) => groupKey(besidesMethod(settings(changes)));
  expect(beside({ method: "source-only" })).toBe(beside());
  expect(beside({ options: {} })).toBe(beside());
  for (const changes of [{ network: { width: 1 } }, { sizes: {} }, { train: { rate: 0.1 } }])
    expect(beside(changes)).not.toBe(beside());
});

test("options of the method of after count as settings, of whatever method the run is", () => {
  const following = (method: string, entropy: number) =>
    settings({
      method,
      ...{ after: { method: "minent", steps: 5 }, options: { cfcontra: {}, minent: { entropy } } },
    });
  const one = following("cfcontra", 0.1);
  const beside = (other: ReturnType<typeof settings>) => groupKey(besidesMethod(other));
  expect(beside(following("source-only", 0.1))).toBe(beside(one));
  expect(beside(following("source-only", 0.2))).not.toBe(beside(one));
  expect(differences([one, following("cfcontra", 0.2)])).toEqual(["options.minent.entropy"]);
});

test("a measurement: the images of a set and the sizes, the output being that of evaluation", () => {
  const sizes = { evaluate: { width: 64, height: 32 } };
  const one = configuration({ sizes });
  expect([...measurementOf(one, "target")]).toEqual([
    ["evaluate.target.root", "/data/streets"],
    ["evaluate.target.split", "test"],
    ["evaluate.target.type", "streets"],
    ["sizes.evaluate.height", "32"],
    ["sizes.evaluate.width", "64"],
    ["sizes.output.height", "32"],
    ["sizes.output.width", "64"],
  ]);
  const same = configuration({ sizes: { ...sizes, output: { height: 32, width: 64 } } });
  expect(measurementOf(same, "target")).toEqual(measurementOf(one, "target"));
  expect([...measurementOf({ evaluate: null, sizes: 3 }, "target")]).toEqual([]);
  expect([...measurementOf(one, "toString")]).toHaveLength(4);
});
