import { expect, test } from "vitest";
import { sgd } from "../../src/nn/index.js";
import { dispose, keep, scope, tensor } from "../../src/torch/index.js";

const RATE = 0.1;

/** Weights after steps with these gradients, by the definition. */
function byHand(start: number, gradients: number[], { momentum = 0.9, decay = 0.01, times = 1 }) {
  let [weight, buffer] = [start, 0];
  for (const [step, gradient] of gradients.entries()) {
    for (let round = 0; round < times; round++) {
      const slope = gradient + decay * weight;
      buffer = step === 0 ? slope : momentum * buffer + slope;
      weight -= RATE * buffer;
    }
  }
  return weight;
}

function train(gradients: number[], repeats?: () => number): number {
  const weight = keep(tensor(Float32Array.of(2)));
  weight.requiresGrad = true;
  const parameters = new Map([["w", weight]]);
  const optimizer = sgd([{ parameters, rate: 1, ...(repeats && { repeats }) }], {
    momentum: 0.9,
    weightDecay: 0.01,
  });
  for (const gradient of gradients) {
    scope(() => weight.mul(gradient).sum().backward());
    optimizer.step(RATE);
  }
  const value = weight.item();
  dispose([parameters, optimizer.state]);
  return value;
}

test("momentum and weight decay as defined", () => {
  const gradients = [1, -0.5, 0.25, 2];
  expect(train(gradients)).toBeCloseTo(byHand(2, gradients, {}), 5);
});

test("a repeated parameter is updated that often in a step, momentum included", () => {
  const gradients = [1, -0.5, 0.25];
  expect(train(gradients, () => 3)).toBeCloseTo(byHand(2, gradients, { times: 3 }), 5);
  expect(train(gradients, () => 3)).not.toBeCloseTo(train(gradients), 2);
});

test("a gradient from before the optimiser counts, and a parameter without a loss has gradient 0", () => {
  const step = (reach: boolean) => {
    const weight = keep(tensor(Float32Array.of(2)));
    weight.requiresGrad = true;
    if (reach) scope(() => weight.mul(3).sum().backward());
    const optimizer = sgd([{ parameters: new Map([["w", weight]]), rate: 1 }]);
    optimizer.step(RATE);
    const value = weight.item();
    dispose([weight, optimizer.state]);
    return value;
  };
  expect(step(true)).toBeCloseTo(2 - RATE * (3 + 5e-4 * 2), 6);
  expect(step(false)).toBeCloseTo(2 - RATE * 5e-4 * 2, 6);
});
