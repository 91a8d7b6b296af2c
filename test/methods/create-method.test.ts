import { afterAll, expect, test } from "vitest";
import { createMethod } from "../../src/methods/index.js";
import { deeplabV2 } from "../../src/network/index.js";
import { dispose } from "../../src/torch/index.js";
import { userError } from "../user-error.js";

const network = deeplabV2({ backbone: "resnet18", width: 0.125, classes: 3, head: "none" });
afterAll(() => dispose(network.parameters.all));

test("a method requires a name and a network; all else has defaults", () => {
  const method = createMethod("source-only", network);
  expect([method.usesTarget, method.headline]).toEqual([false, "source/main"]);
  dispose(method.state);
});

test.each([
  ["an unknown method", "minnent", {}, "unknown-name", ["minnent", "minent?"]],
  ["an unknown option", "minent", { entropie: 1 }, "unknown-key", ["minent: entropie", "entropy?"]],
  ["an invalid value", "minent", { entropy: -1 }, "invalid-value", ["minent: entropy"]],
] as const)("%s is an error", async (_, name, options, code, names) => {
  const create = () => createMethod(name as "minent", network, options as object);
  await userError(create, code, ...names);
});

test("settings of the optimiser that exclude each other are an error", async () => {
  const context = { optimizer: "adamw", duplicateUpdates: true } as const;
  await userError(
    () => createMethod("source-only", network, {}, context),
    "conflicting-options",
    "train.duplicateUpdates",
    "train.optimizer",
  );
});
