import { expect, test } from "vitest";
import { clipGradients, sgd } from "../../src/nn/index.js";
import { dispose, keep, scope, tensor } from "../../src/torch/index.js";
import { needsPyTorch, pytorch } from "./oracle.js";

const vector = (values: readonly number[]) => keep(tensor(Float32Array.from(values)));

const PARAMETERS = [
  [1, -2],
  [0.5, 0.25, 3],
];
/** Norms above and below 1; in the third step the second parameter has no gradient. */
const GRADIENTS = [
  [
    [3, 0],
    [0, 4, 0],
  ],
  [
    [0.1, 0.2],
    [-0.1, 0.05, 0.3],
  ],
  [[-6, 8], null],
  [
    [0, 0],
    [0, 0, 0],
  ],
];

/** Norms and weights after every step of SGD by clipped gradients. */
function train(most: number, rate: number) {
  const parameters = PARAMETERS.map(vector);
  const named = new Map(parameters.map((parameter, i) => [String(i), parameter]));
  const optimizer = sgd([{ parameters: named, rate: 1 }], { weightDecay: 0.01, apart: true });
  const norms: number[] = [];
  const weights = GRADIENTS.map((step) => {
    scope(() => {
      for (const [i, values] of step.entries()) {
        const parameter = parameters[i];
        if (parameter && values) parameter.grad = tensor(Float32Array.from(values));
      }
    });
    norms.push(clipGradients(parameters, most));
    optimizer.step(rate);
    return parameters.map((parameter) => parameter.numbers());
  });
  dispose([parameters, optimizer.state]);
  return { norms, weights };
}

test("clipping and SGD's steps after it are PyTorch's", needsPyTorch, () => {
  const limits = [0.5, 1, 100];
  const problem = { parameters: PARAMETERS, gradients: GRADIENTS, rate: 0.1 };
  const expected = pytorch<ReturnType<typeof train>>(
    "clip",
    limits.map((most) => ({ ...problem, most })),
  );
  for (const [i, { norms, weights }] of expected.entries()) {
    const found = train(limits[i] as number, 0.1);
    for (const [step, norm] of norms.entries()) expect(found.norms[step]).toBeCloseTo(norm, 5);
    const own = found.weights.flat(2);
    expect(own).toHaveLength(4 * 5);
    for (const [k, weight] of weights.flat(2).entries()) expect(own[k]).toBeCloseTo(weight, 6);
  }
});

test("gradients that are short enough keep their bits, and none have the norm 0", () => {
  const parameter = vector([1, 2, 3]);
  expect(clipGradients([parameter], 1)).toBe(0);
  scope(() => {
    parameter.grad = tensor(Float32Array.of(0.1, 0.2, 0.3));
  });
  const before = scope(() => parameter.grad?.numbers());
  expect(clipGradients([parameter], 1)).toBeCloseTo(Math.sqrt(0.14), 6);
  expect(scope(() => parameter.grad?.numbers())).toEqual(before);
  clipGradients([parameter], 0.1);
  expect(scope(() => parameter.grad?.norm().item())).toBeCloseTo(0.1, 5);
  dispose([parameter]);
});
