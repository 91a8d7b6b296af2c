import { expect, test } from "vitest";
import { adam, adamw } from "../../src/nn/index.js";
import {
  dispose,
  keep,
  liveMemory,
  manualSeed,
  randn,
  scope,
  type Tensor,
  tensor,
} from "../../src/torch/index.js";
import { needsPyTorch, pytorch } from "./oracle.js";

const RATES = [0.01, 0.02, 0.005, 0.003, 0.001];
/** A kernel, a bias, and a weight of the heads that has no gradient in the first two steps. */
const SHAPES = [[2, 3], [3], [3, 2]];
const MULTIPLES = [1, 1, 10];

const rows = (t: Tensor) =>
  t.shape.length === 1
    ? t.numbers()
    : Array.from({ length: t.size(0) }, (_, i) => scope(() => t.select(0, i).numbers()));

/** Random weights, and a gradient for each in every step. */
function problem() {
  manualSeed(7);
  const parameters = SHAPES.map((shape) => {
    const parameter = keep(randn(shape));
    parameter.requiresGrad = true;
    return parameter;
  });
  const gradients = RATES.map((_, step) =>
    SHAPES.map((shape, i) => (i === 2 && step < 2 ? undefined : keep(randn(shape)))),
  );
  return { parameters, gradients };
}

/** Weights after every step. */
function train(
  { parameters, gradients }: ReturnType<typeof problem>,
  optimizer: ReturnType<typeof adamw>,
): number[][] {
  return RATES.map((rate, step) => {
    for (const [i, parameter] of parameters.entries()) parameter.grad = gradients[step]?.[i];
    optimizer.step(rate);
    for (const parameter of parameters) expect(parameter.grad).toBeUndefined();
    return parameters.flatMap((parameter) => parameter.numbers());
  });
}

const groupsOf = (parameters: readonly Tensor[]) => [
  { parameters: new Map(parameters.slice(0, 2).map((p, i) => [`p${i}`, p])), rate: 1 },
  { parameters: new Map([["head", parameters[2] as Tensor]]), rate: 10 },
];

function expectClose(found: readonly number[][], expected: readonly (number | number[])[][]) {
  expect(found).toHaveLength(expected.length);
  for (const [step, weights] of found.entries()) {
    const theirs = expected[step]?.flat(2) as number[];
    expect(weights).toHaveLength(theirs.length);
    for (const [i, weight] of weights.entries()) expect(weight).toBeCloseTo(theirs[i] as number, 5);
  }
}

test(
  "AdamW and Adam are PyTorch's: rates of groups, decay of matrices alone, a parameter that comes later",
  needsPyTorch,
  () => {
    const [betas, eps] = [[0.8, 0.95], 1e-6] as const;
    const { parameters, gradients } = problem();
    const decays = [0.1, 0];
    const given = {
      ...{ betas, eps, rates: RATES, multiples: MULTIPLES, parameters: parameters.map(rows) },
      gradients: gradients.map((step) => step.map((g) => (g ? rows(g) : null))),
    };
    dispose([parameters, gradients]);
    const expected = pytorch<number[][][]>(
      "adamw",
      decays.map((weightDecay) => ({ ...given, weightDecay })),
    );
    for (const [i, weightDecay] of decays.entries()) {
      const own = problem();
      const optimizer = adamw(groupsOf(own.parameters), { betas, eps, weightDecay });
      expectClose(train(own, optimizer), expected[i] as number[][][]);
      expect(optimizer.state.get("steps")?.numbers()).toEqual([5, 5, 3]);
      dispose([own.parameters, own.gradients, optimizer.state]);
    }
  },
);

test("adam is AdamW without decay, with PyTorch's defaults", () => {
  const weights = (make: (all: ReadonlyMap<string, Tensor>) => ReturnType<typeof adam>) => {
    const weight = keep(tensor(Float32Array.of(1, -2, 3, 4), [2, 2]));
    const optimizer = make(new Map([["w", weight]]));
    for (const g of [0.5, -1, 2]) {
      scope(() => {
        weight.grad = tensor(Float32Array.of(g, 2 * g, -g, 0), [2, 2]);
      });
      optimizer.step(0.1);
    }
    const found = weight.numbers();
    dispose([weight, optimizer.state]);
    return found;
  };
  const plain = weights((all) => adam(all));
  const options = { betas: [0.9, 0.999], eps: 1e-8, weightDecay: 0 } as const;
  expect(plain).toEqual(weights((all) => adamw([{ parameters: all, rate: 1 }], options)));
  expect(plain).not.toEqual(weights((all) => adam(all, { betas: [0.5, 0.999] })));
});

test("steps leave no tensor behind", () => {
  const own = problem();
  const optimizer = adamw(groupsOf(own.parameters));
  train(own, optimizer);
  const before = liveMemory();
  train(own, optimizer);
  expect(liveMemory()).toEqual(before);
  dispose([own.parameters, own.gradients, optimizer.state]);
});
