import { predictLabels } from "../evaluate/index.js";
import type { Network } from "../network/index.js";
import { openSegmenter, type Runtime } from "./segmenter.js";

const SIZE = { width: 192, height: 96 };

/**
 * The fraction of the pixels of a generated image for which an exported model in ONNX Runtime predicts
 * the same class as the network in float32.
 */
export async function compare(
  runtime: Runtime,
  model: Uint8Array,
  network: Network,
): Promise<number> {
  const image = waves();
  const segmenter = await openSegmenter(runtime, model);
  try {
    const { labels } = await segmenter.segment({ ...SIZE, data: image });
    const wanted = predictLabels(network, { name: "waves", ...SIZE, image }, SIZE);
    return labels.filter((label, i) => label === wanted[i]).length / labels.length;
  } finally {
    await segmenter.release();
  }
}

/** RGB bytes of overlapping colour waves. */
function waves(): Uint8Array {
  const { width, height } = SIZE;
  return Uint8Array.from({ length: width * height * 3 }, (_, i) => {
    const x = Math.floor(i / 3) % width;
    const y = Math.floor(i / 3 / width);
    return 128 + 90 * Math.sin(x / (7 + (i % 3)) + y / 11) + 30 * Math.sin(x * y);
  });
}
