// An exported network in ONNX Runtime, in Node and in browsers.
import type { Size } from "../datasets/dataset.js";
import { tilesOf } from "../evaluate/tiles.js";
import { type ModelInfo, modelInfo } from "./model-info.js";
import { decide, nearest, networkInput, type Pixels } from "./pixels.js";
import { cropped, fillFromLabels, fillFromLogits } from "./tile-labels.js";

/** The parts of `onnxruntime-node` and `onnxruntime-web` that are used. */
export interface Runtime {
  readonly InferenceSession: {
    create(model: Uint8Array, options?: object): Promise<RuntimeSession>;
  };
  readonly Tensor: new (
    type: "float32",
    data: Float32Array,
    dims: readonly number[],
  ) => RuntimeTensor;
}

/** A model opened by a `Runtime`. */
export interface RuntimeSession {
  /** Takes tensors by name. */
  run(inputs: object): Promise<{ readonly [output: string]: RuntimeTensor }>;
  release(): Promise<void>;
}

/** A tensor of a `Runtime`. */
export interface RuntimeTensor {
  readonly dims: readonly number[];
  readonly data: unknown;
}

/** The prediction for an image; arrays are [height * width]. */
export interface Segmentation extends Size {
  /** Train ids: indices into `ModelInfo.classes`. */
  readonly labels: Uint8Array;
  /** 0 certain, 1 uniform; if requested, and the model can compute it. */
  readonly entropy?: Float32Array;
}

/** Options of `segment`. */
export interface SegmentOptions {
  /** The size of the result; that of the image if omitted. */
  readonly output?: Size;
  readonly entropy?: boolean;
  /** Segments in overlapping tiles of this size, in pixels of the image; without entropy. */
  readonly tile?: Size | undefined;
}

/** An open model. Call `release` after use. */
export interface Segmenter {
  readonly info: ModelInfo;
  /** Segments an image, whose size should be close to `info.size`. */
  segment(image: Pixels, options?: SegmentOptions): Promise<Segmentation>;
  release(): Promise<void>;
}

/**
 * Opens a model of `cfcontra export`.
 * @throws Error if the bytes are not such a model
 */
export async function openSegmenter(
  runtime: Runtime,
  model: Uint8Array,
  options: object = {},
): Promise<Segmenter> {
  const info = modelInfo(model);
  if (info === undefined) {
    throw new Error("the model does not have class names: create it with `cfcontra export`");
  }
  const session = await runtime.InferenceSession.create(model, options);
  const run = (image: Pixels) => {
    const data = networkInput(image, info.input);
    const dims = [1, 3, image.height, image.width];
    return session.run({ image: new runtime.Tensor("float32", data, dims) });
  };
  return {
    info,
    async segment(image, { output = image, entropy = false, tile } = {}) {
      const { width, height } = output;
      if (tile) return { labels: await inTiles(run, image, tile, output), width, height };
      return { ...resultOf(await run(image), output, entropy), width, height };
    },
    release: () => session.release(),
  };
}

type Results = Awaited<ReturnType<RuntimeSession["run"]>>;

/** The labels of an image at `output` size, from overlapping tiles. */
async function inTiles(
  run: (image: Pixels) => Promise<Results>,
  image: Pixels,
  tile: Size,
  { width, height }: Size,
): Promise<Uint8Array> {
  const labels = new Uint8Array(width * height);
  const whole = { labels, image, width, height };
  for (const place of tilesOf(image, tile)) {
    const results = await run(cropped(image, place));
    const { data, dims } = results.logits ?? (results.labels as RuntimeTensor);
    const [rows = 0, columns = 0] = dims.slice(-2);
    const from = { width: columns, height: rows };
    if (results.logits === undefined) fillFromLabels(whole, place, data as Uint8Array, from);
    else fillFromLogits(whole, place, data as Float32Array, dims[1] ?? 0, from);
  }
  return labels;
}

function resultOf(
  results: Results,
  to: Size,
  wantsEntropy: boolean,
): Omit<Segmentation, keyof Size> {
  const { logits, labels, entropy } = results;
  if (logits !== undefined) {
    const [, classes = 0, height = 0, width = 0] = logits.dims;
    return decide(logits.data as Float32Array, classes, { width, height }, to, wantsEntropy);
  }
  const [, height = 0, width = 0] = (labels as RuntimeTensor).dims;
  const map = (tensor: RuntimeTensor) =>
    nearest(tensor.data as Uint8Array & Float32Array, { width, height }, to);
  return {
    labels: map(labels as RuntimeTensor),
    ...(entropy !== undefined && wantsEntropy && { entropy: map(entropy) }),
  };
}
