import { describe, expect, test } from "vitest";
import { openExperiment } from "../../src/experiment/index.js";
import { requireReadByTrained } from "../../src/experiment/unread-settings.js";
import { userError } from "../user-error.js";

const train = (method: string, ...set: string[]) =>
  openExperiment("streets", { method, set }).config;

test.each<[string, string[], string[]]>([
  ["minent", ["options.cfcontra.contrast=0.1"], ["options.cfcontra.contrast", "minent"]],
  ["minent", ["options={cfcontra: {contrast: 0.1}}"], ["options.cfcontra.contrast", "minent"]],
  ["cfcontra", ["train.betas=[0.9, 0.99]"], ["train.betas", "adamw", "sgd"]],
  ["cfcontra", ["train.optimizer=adamw", "train.momentum=0.8"], ["train.momentum=0.8", "adamw"]],
  ["cfcontra", ["style.method=histogram", "style.beta=0.05"], ["style.beta", "fourier"]],
  ["cfcontra", ["style.method=fourier", "style.residual=true"], ["style.residual", "adain"]],
  ["cfcontra", ["style.training.steps=5"], ["style.training.steps", "adain", "none"]],
  ["cfcontra", ["style.alpha=0.5"], ["style.alpha", "style.method", "none"]],
  ["cfcontra", ["sampling.temperature=0.1"], ["sampling.temperature", "sampling.rareClasses"]],
  ["cfcontra", ["network.weightsFor=backbone"], ["network.weightsFor", "network.weights"]],
])("%s does not read %j, and the error says what it depends on", async (method, set, names) => {
  await userError(() => train(method, ...set), "conflicting-options", "--set", ...names);
});

describe("settings are read", () => {
  test.each([
    ["cfcontra", ["options.cfcontra.contrast=0.1", "train.momentum=0.8"]],
    ["cfcontra", ["train.optimizer=adamw", "train.betas=[0.9, 0.99]"]],
    ["minent", ["style.method=fourier", "style.beta=0.05", "style.alpha=0.5"]],
    ["minent", ["sampling={rareClasses: true, temperature: 0.1}"]],
    ["minent", ["network.weights=a.safetensors", "network.weightsFor=backbone"]],
  ])("by %s with %j", (method, set) => {
    expect(train(method, ...set).method).toBe(method);
  });

  test("by the method that the run starts from", () => {
    const after = ["after={method: minent}", "options.minent.entropy=0.1"];
    expect(train("cfcontra", ...after).options.minent?.entropy).toBe(0.1);
  });

  test("not required of a preset, nor of a key that is removed", () => {
    const set = ["train.betas=null", "options.minent=null"];
    expect(train("cfcontra", ...set).train.optimizer).toBe("sgd");
  });
});

describe("a trained network", () => {
  const config = train("minent");
  const read = (of: "run" | "file", ...set: string[]) => requireReadByTrained(of, config, set);

  test.each([
    ["network.weights=other.pth", "network.weights"],
    ["network={init: he}", "network.init"],
    ["network.statistics=kept", "network.statistics"],
    ["options.minent.entropy=0.1", "options.minent.entropy"],
    ["pretrain=null", "pretrain"],
    ["augment={flip: true}", "augment.flip"],
    ["train.steps=7", "train.steps"],
    ["train={device: cpu, rate: 0.1}", "train.rate"],
    ["train.benchmark=true", "train.benchmark"],
  ])("does not read %s", async (set, key) => {
    const words = [`--set ${set}`, `does not read ${key}: leave it out`];
    await userError(
      () => read("run", "sizes.evaluate=[32, 16]", set),
      "conflicting-options",
      ...words,
    );
    await userError(() => read("file", set), "conflicting-options", ...words);
  });

  test("has a method and a coder of its own, if it is a run's", async () => {
    for (const set of ["method=advent", "style.coder=other.safetensors", "style.alpha=0.5"]) {
      const key = set.slice(0, set.indexOf("="));
      await userError(() => read("run", set), "conflicting-options", key);
    }
    read("run", "style.method=none", "train.ema=null");
  });

  test("has neither a coarse stage nor an average, if it is a file of weights", async () => {
    for (const set of ["style.method=color", "train.ema=null"]) {
      await userError(() => read("file", set), "conflicting-options", set);
    }
    read("file", "method=advent"); // chooses the preset's byMethod
  });

  test("reads sizes, data sets, its architecture and the device", () => {
    const both = ["sizes.evaluate=[32, 16]", "evaluate.target.count=5", "source.type=camvid"];
    const train = ["device=cpu", "precision=float32", "workers=2", "tf32=true", "graphs=false"];
    const set = [...both, "network.width=0.25", ...train.map((one) => `train.${one}`)];
    read("run", ...set);
    read("file", ...set);
  });
});
