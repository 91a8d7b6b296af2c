import { imagesOf, labelsOf } from "../../dist/datasets/batch.js";
import { createMethod } from "../../dist/methods/index.js";
import { createNetwork } from "../../dist/network/index.js";
import { heInit } from "../../dist/nn/index.js";
import { dispose, manualSeed, readScalars, scope } from "../../dist/torch/index.js";
import { scene } from "./scene.js";

/**
 * @typedef {import("../../dist/torch/index.js").Tensor} Tensor
 *
 * @typedef {object} Setup what a small run trains
 * @property {import("../../dist/methods/index.js").MethodName} method
 * @property {Record<string, unknown>} [options] of the method
 * @property {Partial<import("../../dist/methods/index.js").MethodContext>} [context]
 * @property {import("../../dist/network/index.js").BackboneName} [backbone]
 * @property {import("../../dist/network/index.js").DecoderName} [decoder]
 *
 * @typedef {object} Trained
 * @property {Record<string, number>[]} scalars of every step
 * @property {Float64Array} before all trained weights at the start
 * @property {Float64Array} change of the trained weights
 * @property {Float64Array} statistics of batch normalisation, after the steps
 */

const CLASSES = 19;
/** So small that a step hardly changes the next: a deep network without trained weights amplifies rounding. */
const RATE = 1e-5;

/**
 * Trains a small network for some steps from one seed, with the same images on every device.
 * @param {Setup} setup
 * @param {{ device: string, precision: "float32" | "bfloat16", steps: number, size: number }} how `size`:
 *   the height of images, which are twice as wide
 * @returns {Promise<Trained>}
 */
export async function smallRun(setup, { device, precision, steps, size }) {
  const {
    method: name,
    options = {},
    context,
    backbone = "resnet18",
    decoder = "deeplab-v2",
  } = setup;
  manualSeed(1);
  const network = createNetwork({
    ...{ backbone, decoder, width: 0.25, classes: CLASSES, head: "moco", init: heInit, device },
  });
  const few = name === "cfcontra" || name === "self-training" ? FEW : {};
  const method = createMethod(
    name,
    network,
    { ...few, ...options },
    { precision, warn, ...context },
  );
  const area = { width: 2 * size, height: size };
  /** @param {number} first */
  const pair = (first) => [scene(first, area), scene(first + 1, area)];
  const domains = {
    /** @param {"source" | "target"} domain @param {number} count */
    async *samples(domain, count) {
      for (let i = 0; i < count; i++) yield scene(i + (domain === "source" ? 0 : 50), area);
    },
  };
  const isTrained = (/** @type {Tensor} */ { requiresGrad }) => requiresGrad;
  const before = valuesOf(network, isTrained);
  const scalars = [];
  for (let step = 0; step < steps; step++) {
    const progress = { step, total: 100, rate: RATE, decay: 1 };
    await method.before?.(progress, domains);
    const images = (/** @type {ReturnType<typeof pair>} */ samples) =>
      imagesOf(samples, network.input, device);
    scalars.push(
      scope(() => {
        const [source, target] = [pair(100 + 2 * step), pair(200 + 2 * step)];
        const labelled = { images: images(source), labels: labelsOf(source, device) };
        const batches = { source: labelled, target: { images: images(target) } };
        return readScalars(method.step(batches, progress));
      }),
    );
  }
  const change = valuesOf(network, isTrained).map((value, i) => value - (before[i] ?? 0));
  const statistics = valuesOf(network, (tensor) => !isTrained(tensor));
  method.dispose?.();
  dispose([network.parameters.all, method.state]);
  return { scalars, before, change, statistics };
}

const FEW = { sourceImages: 2, targetImages: 2 };
const warn = () => {};

/**
 * @param {import("../../dist/network/index.js").Network} network
 * @param {(tensor: Tensor) => boolean} wanted
 */
function valuesOf({ parameters }, wanted) {
  const parts = [...parameters.all.values()]
    .filter(wanted)
    .map((tensor) => /** @type {Float64Array} */ (tensor.typed("float64")));
  const whole = new Float64Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
