// An exported network in ONNX Runtime, in Node and in the browser alike.
import type { Size } from "../datasets/dataset.js";
import { type ModelInfo, modelInfo } from "./model-info.js";
import { decide, nearest, networkInput, type Pixels } from "./pixels.js";

/** What is used of `onnxruntime-node` or `onnxruntime-web`. */
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

/** A model that a `Runtime` has opened. */
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

/** What a network makes of an image: [height * width] each. */
export interface Segmentation extends Size {
  /** Train ids: places in `ModelInfo.classes`. */
  readonly labels: Uint8Array;
  /** 0 where the network is sure, 1 where it has no idea; where it was asked for and can be had. */
  readonly entropy?: Float32Array;
}

/** What a segmentation should give. */
export interface SegmentOptions {
  /** The size of the result; the image's own when omitted. */
  readonly output?: Size;
  readonly entropy?: boolean;
}

/** An open model. Call `release` when it is done with. */
export interface Segmenter {
  readonly info: ModelInfo;
  /** Segments an image, which should have about the size `info.size`. */
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
    throw new Error("the model does not say what its classes are: make it with `cfcontra export`");
  }
  const session = await runtime.InferenceSession.create(model, options);
  return {
    info,
    async segment(image, { output = image, entropy = false } = {}) {
      const { width, height } = image;
      const data = networkInput(image, info.input);
      const results = await session.run({
        image: new runtime.Tensor("float32", data, [1, 3, height, width]),
      });
      return { ...resultOf(results, output, entropy), width: output.width, height: output.height };
    },
    release: () => session.release(),
  };
}

function resultOf(
  results: { readonly [output: string]: RuntimeTensor },
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
