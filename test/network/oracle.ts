import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "vitest";
import { type BackboneName, backbones, type OutputStride } from "../../src/network/index.js";
import { createParameters, heInit } from "../../src/nn/index.js";
import {
  copyInto,
  dispose,
  noGrad,
  rand,
  randn,
  readTensors,
  scope,
  type Tensor,
  type TensorMap,
  writeSafetensors,
} from "../../src/torch/index.js";
import { relativeError } from "../golden/relative-error.js";

const PYTHON = "/usr/bin/python3";
/** Whether there is a PyTorch to compare with. */
export const hasPyTorch = spawnSync(PYTHON, ["-c", "import torch"]).status === 0;

/** What a script of this folder answers to tensors: see oracle.py. The caller disposes it. */
function ask(script: string, given: TensorMap, args: readonly string[]): TensorMap {
  const folder = mkdtempSync(join(tmpdir(), "oracle-"));
  try {
    const [question, answer] = [join(folder, "given"), join(folder, "answer")];
    writeSafetensors(question, given);
    const path = fileURLToPath(new URL(script, import.meta.url));
    const { status, stderr } = spawnSync(PYTHON, [path, question, answer, ...args], {
      encoding: "utf8",
    });
    if (status !== 0) throw new Error(stderr);
    return readTensors(answer).tensors;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

interface Question {
  readonly width: number;
  readonly outputStride: OutputStride;
  readonly image: readonly [n: number, channels: 3, height: number, width: number];
  /** The weights; random ones, statistics included, when omitted. */
  readonly weights?: (parameters: TensorMap) => unknown;
}

/**
 * Holds a backbone against a script in plain PyTorch: feature maps by running and by batch statistics,
 * gradients, and running statistics afterwards.
 */
export function expectLikePyTorch(
  backbone: BackboneName,
  script: string,
  args: readonly string[],
  { width, outputStride, image, weights = randomise }: Question,
): void {
  const parameters = createParameters();
  const { forward } = backbones[backbone].create(parameters, { width, init: heInit, outputStride });
  scope(() => {
    weights(parameters.all);
    const images = randn(image);
    const inferred = noGrad(() => forward(images, false));
    const pull = Object.entries(inferred).map(
      ([name, value]) => [`weight.${name}`, randn((value as Tensor).shape)] as const,
    );
    const given = new Map([...parameters.all, ...pull, ["image", images] as const]);
    const answer = ask(script, given, args);
    const like = (name: string, found: Tensor, bound: number) => {
      const wanted = answer.get(name) as Tensor;
      expect(found.shape, name).toEqual(wanted.shape);
      expect(relativeError(found, wanted.numbers()), name).toBeLessThan(bound);
    };
    for (const [name, value] of Object.entries(inferred)) like(`eval.${name}`, value, 1e-5);
    const learning = forward(images, true);
    const losses = Object.entries(learning).map(([name, value]) => {
      like(`train.${name}`, value, 1e-4);
      return value.mul(given.get(`weight.${name}`) as Tensor).sum();
    });
    losses.reduce((sum, loss) => sum.add(loss)).backward();
    for (const [name, tensor] of parameters.all) {
      if (tensor.grad) like(`grad.${name}`, tensor.grad, 1e-3);
      if (/running_/.test(name)) like(name, tensor, 1e-5);
    }
    dispose(answer);
  });
  dispose(parameters.all);
}

/** Scale, shift and statistics of every normalisation at random, so that none goes unnoticed. */
function randomise(parameters: TensorMap): void {
  noGrad(() => {
    for (const [name, tensor] of parameters) {
      if (tensor.shape.length > 1) continue;
      copyInto(tensor, rand(tensor.shape).add(/mean|bias/.test(name) ? -0.5 : 0.5));
    }
  });
}
