import { createMethod } from "../dist/methods/index.js";
import { deeplabV2 } from "../dist/network/index.js";
import { manualSeed, readScalars, scope, tensor } from "../dist/torch/index.js";

const CLASSES = 19;

/**
 * The measured work: CFContra with DeepLab-v2 and the moco head on noise, `batch` source and as many
 * target images of `width` x `height` per step. `before(i)` and `step(i)` are the two parts of step i; a
 * step ends when its losses are read, which waits for a GPU.
 * @param {{
 *   width: number, height: number, precision: import("../dist/torch/index.js").Precision,
 *   batch?: number, device?: string, backbone?: "resnet18" | "resnet101", channels?: number,
 * }} options `channels` multiplies the backbone's
 */
export function workload({
  width,
  height,
  precision,
  batch = 1,
  device = "cpu",
  backbone = "resnet101",
  channels = 1,
}) {
  manualSeed(1);
  const network = deeplabV2({ backbone, width: channels, classes: CLASSES, head: "moco", device });
  const few = { sourceImages: 1, targetImages: 1 };
  const method = createMethod("cfcontra", network, few, { precision, warn: () => {} });
  const pixels = width * height;
  const noise = () =>
    Float32Array.from({ length: batch * 3 * pixels }, () => (Math.random() - 0.5) * 200);
  const images = () => tensor(noise(), [batch, 3, height, width], { device });
  const random = BigInt64Array.from({ length: batch * pixels }, () =>
    BigInt(Math.floor(Math.random() * CLASSES)),
  );
  const source = { images: images(), labels: tensor(random, [batch, height, width], { device }) };
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
