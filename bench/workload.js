import { createMethod } from "../dist/methods/index.js";
import { deeplabV2 } from "../dist/network/index.js";
import { manualSeed, readScalars, scope, tensor } from "../dist/torch/index.js";

const CLASSES = 19;

/**
 * The measured work: CFContra with DeepLab-v2 ResNet-101 and the moco head on noise, one source and one
 * target image of `width` x `height` per step. `before(i)` and `step(i)` are the two parts of step i.
 * @param {{ width: number, height: number, precision: import("../dist/torch/index.js").Precision }} options
 */
export function workload({ width, height, precision }) {
  manualSeed(1);
  const network = deeplabV2({ backbone: "resnet101", classes: CLASSES, head: "moco" });
  const few = { sourceImages: 1, targetImages: 1 };
  const method = createMethod("cfcontra", network, few, { precision, warn: () => {} });
  const pixels = width * height;
  const noise = () => Float32Array.from({ length: 3 * pixels }, () => (Math.random() - 0.5) * 200);
  const images = () => tensor(noise(), [1, 3, height, width]);
  const random = BigInt64Array.from({ length: pixels }, () =>
    BigInt(Math.floor(Math.random() * CLASSES)),
  );
  const source = { images: images(), labels: tensor(random, [1, height, width]) };
  const target = { images: images() };
  const sample = {
    ...{ name: "noise", width, height },
    image: Uint8Array.from({ length: 3 * pixels }, () => Math.random() * 256),
    label: Uint8Array.from({ length: pixels }, () => Math.floor(Math.random() * CLASSES)),
  };
  const domains = {
    async *samples() {
      yield sample;
    },
  };
  /** @param {number} step */
  const progress = (step) => ({ step, total: 250000, rate: 2.5e-4, decay: 1 });
  return {
    network,
    /** @param {number} step */
    before: (step) => method.before?.(progress(step), domains),
    /** @param {number} step */
    step: (step) => scope(() => readScalars(method.step({ source, target }, progress(step)))),
  };
}
