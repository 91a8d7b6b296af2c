import { createHash } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { expect, test } from "vitest";
import { configuration } from "../../src/experiment/index.js";
import { deeplabV2 } from "../../src/network/index.js";
import { dispose, readTensors } from "../../src/torch/index.js";
import { builtInWeights, isBuiltIn } from "../../src/train/built-in-weights.js";
import { startFrom } from "../../src/train/start-from.js";
import { userError } from "../user-error.js";

const README = readFileSync("weights/README.md", "utf8");

test("the built-in weights are those of weights/README.md: bfloat16, at most 6 MiB", () => {
  const file = builtInWeights("builtin:streets");
  const digest = createHash("sha256").update(readFileSync(file)).digest("hex");
  expect(README).toContain(digest);
  expect(statSync(file).size).toBeLessThan(6 * 2 ** 20);
  const { tensors } = readTensors(file);
  expect(new Set([...tensors.values()].map(({ dtype }) => dtype))).toEqual(new Set(["bfloat16"]));
  dispose(tensors);
});

test("they start the network of streets-adapt, but for its projection", () => {
  const { network: config } = configuration({ preset: "streets-adapt" });
  expect(isBuiltIn(config.weights ?? "")).toBe(true);
  const { backbone, width, head } = config;
  const network = deeplabV2({ backbone, width, head, classes: 19 });
  expect(startFrom("builtin:streets", network)).toBe(
    "weights from builtin:streets: 116 tensors; initialised: head",
  );
  dispose(network.parameters.all);
});

test("unknown names get the nearest one", async () => {
  await userError(
    () => builtInWeights("builtin:street"),
    "not-found",
    "builtin:street",
    "builtin:streets",
  );
});
