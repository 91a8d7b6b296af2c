import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { needsEngine } from "../../setup/engine.js";
import { inTemporaryFolder } from "../datasets/fixtures.js";
import { write } from "./fake-libtorch.js";

test.each([
  "",
  "--help",
  "-h",
  "--version",
  "help train",
  "train --help",
  "setup --help",
  "completion bash",
  "dashboard runs",
  "--debug dashboard runs",
  "predict --onnx model.onnx photo.png",
  "predict photo.png --onnx=model.onnx",
  "playground before.onnx after.onnx",
])("`cfcontra %s` does not need libtorch", (line) => {
  expect(needsEngine(line.split(" ").filter(Boolean))).toBe(false);
});

test.each([
  "setup",
  "demo",
  "train --preset streets",
  "predict runs/a photo.png",
  "predict runs/onnx photo.png",
  "--debug evaluate runs/a",
  "playground weights.safetensors",
])("`cfcontra %s` needs libtorch", (line) => {
  expect(needsEngine(line.split(" "))).toBe(true);
});

test("a playground of a run needs libtorch", async () => {
  await inTemporaryFolder(async (root) => {
    mkdirSync(join(root, "empty"));
    write(join(root, "run/config.yaml"));
    expect(needsEngine(["playground", join(root, "empty")])).toBe(false);
    expect(needsEngine(["playground", join(root, "run")])).toBe(true);
  });
});
