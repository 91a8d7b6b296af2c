import { methods } from "../dist/methods/index.js";
import { deeplabV2 } from "../dist/network/index.js";
import { manualSeed, tensor } from "../dist/torch/index.js";

const CLASSES = 19;

/**
 * What is measured: CFContra with DeepLab-v2 ResNet-101 and the moco head on noise, one source and
 * one target image of `width` x `height` a step. `step(i)` is step i, its look around included.
 * @param {{ width: number, height: number, precision: import("../dist/torch/index.js").Precision }} options
 */
export function workload({ width, height, precision }) {
  manualSeed(1);
  const network = deeplabV2({ backbone: "resnet101", classes: CLASSES, head: "moco" });
  const { options, create } = methods.cfcontra;
  const method = create(
    {
      network,
      precision,
      momentum: 0.9,
      weightDecay: 5e-4,
      duplicateUpdates: false,
      headRate: 10,
      gradientNorms: false,
      warn: () => {},
    },
    options.parse({ sourceImages: 1, targetImages: 1 }),
  );
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
    step: (step) => method.step({ source, target }, progress(step)),
  };
}
