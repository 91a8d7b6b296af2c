import { afterAll, expect, test } from "vitest";
import { createMethod } from "../../src/methods/index.js";
import { deeplabV2 } from "../../src/network/index.js";
import { dispose } from "../../src/torch/index.js";
import { userError } from "../user-error.js";

const network = deeplabV2({ backbone: "resnet18", width: 0.125, classes: 3, head: "none" });
afterAll(() => dispose(network.parameters.all));

test("a method needs its name and a network, the rest has defaults", () => {
  const method = createMethod("source-only", network);
  expect([method.usesTarget, method.headline]).toEqual([false, "source/main"]);
  dispose(method.state);
});

test.each([
  ["an unknown method", "minnent", {}, /no method minnent: .*did you mean minent\?$/],
  ["an unknown option", "minent", { entropie: 1 }, /options of minent: entropie .*mean entropy\?$/],
  ["a wrong value", "minent", { entropy: -1 }, /options of minent: entropy: /],
] as const)("%s is a sentence", (_, name, options, sentence) => {
  expect(() => createMethod(name as "minent", network, options as object)).toThrow(sentence);
});

test("settings of the optimiser that exclude each other are a sentence", async () => {
  const context = { optimizer: "adamw", duplicateUpdates: true } as const;
  await userError(
    () => createMethod("source-only", network, {}, context),
    "conflicting-options",
    "train.duplicateUpdates",
    "train.optimizer",
  );
});
