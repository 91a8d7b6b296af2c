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
import { PYTHON, pythonHas } from "../python.js";
import { skipUnless } from "../skip.js";

/** Options of a test that compares with PyTorch. */
export const needsPyTorch = skipUnless(pythonHas("torch"), "pytorch");

/** The output of a script of this folder for tensors: see oracle.py. The caller disposes it. */
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
  readonly parameters: TensorMap;
  readonly inputs: readonly Tensor[];
  /** Outputs of the inputs, by name. */
  forward(training: boolean): Readonly<Record<string, Tensor>>;
}

/**
 * Compares a network with a script in plain PyTorch: outputs with running and with batch statistics,
 * gradients, and running statistics afterwards.
 */
export function expectLikePyTorch(
  script: string,
  args: readonly string[],
  { parameters, inputs, forward }: Question,
): void {
  scope(() => {
    const inferred = noGrad(() => forward(false));
    const pull = Object.entries(inferred).map(
      ([name, value]) => [`weight.${name}`, randn(value.shape)] as const,
    );
    const numbered = inputs.map((input, i) => [`input.${i}`, input] as const);
    const given = new Map([...parameters, ...pull, ...numbered]);
    const answer = ask(script, given, args);
    const like = (name: string, found: Tensor, bound: number) => {
      const wanted = answer.get(name) as Tensor;
      expect(found.shape, name).toEqual(wanted.shape);
      expect(relativeError(found, wanted.numbers()), name).toBeLessThan(bound);
    };
    for (const [name, value] of Object.entries(inferred)) like(`eval.${name}`, value, 1e-5);
    const losses = Object.entries(forward(true)).map(([name, value]) => {
      like(`train.${name}`, value, 1e-4);
      return value.mul(given.get(`weight.${name}`) as Tensor).sum();
    });
    losses.reduce((sum, loss) => sum.add(loss)).backward();
    for (const [name, tensor] of parameters) {
      if (tensor.grad) like(`grad.${name}`, tensor.grad, 1e-3);
      if (/running_/.test(name)) like(name, tensor, 1e-5);
    }
    dispose(answer);
  });
}

interface BackboneQuestion {
  readonly width: number;
  readonly outputStride: OutputStride;
  readonly image: readonly [n: number, channels: 3, height: number, width: number];
  /** Puts weights in; random ones, statistics included, when omitted. */
  readonly weights?: (parameters: TensorMap) => unknown;
}

/** Compares the feature maps of a backbone with a script. */
export function expectBackboneLikePyTorch(
  backbone: BackboneName,
  script: string,
  args: readonly string[],
  { width, outputStride, image, weights = randomise }: BackboneQuestion,
): void {
  const parameters = createParameters();
  const { forward } = backbones[backbone].create(parameters, { width, init: heInit, outputStride });
  weights(parameters.all);
  scope(() => {
    const images = randn(image);
    expectLikePyTorch(script, args, {
      ...{ parameters: parameters.all, inputs: [images] },
      forward: (training) => ({ ...forward(images, training) }),
    });
  });
  dispose(parameters.all);
}

/** Sets scale, shift and statistics of every normalisation to random values, so that errors show. */
export function randomise(parameters: TensorMap): void {
  noGrad(() =>
    scope(() => {
      for (const [name, tensor] of parameters) {
        if (tensor.shape.length > 1) continue;
        copyInto(tensor, rand(tensor.shape).add(/mean|bias/.test(name) ? -0.5 : 0.5));
      }
    }),
  );
}
