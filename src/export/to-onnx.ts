import type { Network } from "../network/index.js";
import { foldNorms, recordGraph, sizeDependent } from "../nn/index.js";
import { zeros } from "../torch/index.js";
import { type ModelInfo, metadataOf } from "./model-info.js";
import { ELEMENTS, type OnnxBuilder, onnxBuilder, type Storage } from "./onnx-builder.js";
import { addOperator, resizeLike } from "./onnx-operators.js";
import { sizesOfAnyImage } from "./onnx-sizes.js";

/** Options of `onnxModel`. */
export interface OnnxOptions {
  /**
   * The outputs of the model: `logits` float32 [N, classes, H, W]; `labels` uint8 [N, H, W]; or labels
   * and `entropy` float32 [N, H, W], 0 for a certain prediction and 1 for a uniform one.
   */
  readonly outputs?: "logits" | "labels" | "labels and entropy";
  /** Upsample logits to the size of the image in the graph. Default true. */
  readonly upsample?: boolean;
  /** Storage format of weights in the file. Default float32. */
  readonly storage?: Storage;
}

/**
 * Exports a network as an ONNX model (operator set 17): input `image` float32 [N, 3, H, W] for any N, H and
 * W, in the network's own `input` format. Batch normalisation is folded into the convolutions.
 * @throws UserError if the network uses an operator without a rule for export
 */
export function onnxModel(
  network: Network,
  info: ModelInfo,
  { outputs = "logits", upsample = true, storage = "float32" }: OnnxOptions = {},
): Uint8Array {
  const record = (height: number, width: number) => {
    const probe = zeros([1, 3, height, width], { device: network.device });
    try {
      return recordGraph((x) => ({ main: network.forward(x, false).main }), probe);
    } finally {
      probe.dispose();
    }
  };
  const recorded = record(64, 64);
  const odd = record(65, 67);
  const graph = foldNorms(recorded);
  try {
    const add = onnxBuilder({ name: IMAGE, shape: ["N", 3, "H", "W"] }, storage);
    const names = new Map([[graph.input, IMAGE]]);
    const nameOf = (value: object) => names.get(value as never) as string;
    for (const node of sizesOfAnyImage(graph.nodes, sizeDependent(recorded, odd))) {
      names.set(node.output, addOperator(add, node, nameOf));
    }
    const coarse = nameOf(graph.outputs.main as object);
    const logits = upsample ? resizeLike(add, coarse, IMAGE) : coarse;
    addOutputs(add, logits, network.classes, outputs, upsample ? ["H", "W"] : ["h", "w"]);
    return add.finish(metadataOf(info));
  } finally {
    for (const made of [graph, odd, recorded]) made.dispose();
  }
}

const IMAGE = "image";

function addOutputs(
  add: OnnxBuilder,
  logits: string,
  classes: number,
  outputs: NonNullable<OnnxOptions["outputs"]>,
  size: readonly string[],
): void {
  if (outputs === "logits") {
    add.output("logits", logits, "float32", ["N", classes, ...size]);
    return;
  }
  const best = add.node("ArgMax", [logits], { axis: 1, keepdims: 0 });
  add.output("labels", add.node("Cast", [best], { to: ELEMENTS.uint8 }), "uint8", ["N", ...size]);
  if (outputs === "labels") return;
  const log = add.node("LogSoftmax", [logits], { axis: 1 });
  const parts = add.node("Mul", [add.node("Exp", [log]), log]);
  const sum = add.node("ReduceSum", [parts, add.int64s([1])], { keepdims: 0 });
  const entropy = add.node("Div", [sum, add.scalar(-Math.log(Math.max(2, classes)))]);
  add.output("entropy", entropy, "float32", ["N", ...size]);
}
