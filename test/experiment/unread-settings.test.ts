import { describe, expect, test } from "vitest";
import { openExperiment } from "../../src/experiment/index.js";
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
