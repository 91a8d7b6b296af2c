import {
  foldNorms,
  type Graph,
  type GraphNode,
  recordGraph,
  replay,
  sizeDependent,
} from "../nn/index.js";
import {
  autocast,
  dispose,
  keep,
  noGrad,
  operator,
  type Precision,
  scope,
  type Tensor,
  zeros,
} from "../torch/index.js";
import type { Prediction } from "./decoder.js";
import type { Network } from "./network.js";

/** The part of a network that prediction needs. */
export interface Predictor extends Pick<Network, "classes" | "input" | "device"> {
  forward(images: Tensor, training: boolean): Pick<Prediction, "main">;
}

/** A predictor with weights of its own. */
export interface CompiledNetwork extends Predictor {
  dispose(): void;
}

/** Operators that oneDNN supports on tensors in its own layout. */
const ONEDNN = ["conv2d", "relu", "relu_", "add.Tensor", "add_.Tensor", "max_pool2d", "to.device"];

const toOnednn = operator("to_mkldnn");
const toDense = operator("to_dense");
const reorderWeight = operator("mkldnn_reorder_conv2d_weight");

/**
 * Compiles a network with its current weights for prediction: without the auxiliary head, with batch
 * normalisation folded into convolutions, and on the CPU with weights and activations in oneDNN's blocked
 * layout, which saves reordering them at every convolution. If this is not possible (another device, other
 * operators), the network itself predicts. Casts to `precision` itself: call it outside `autocast`.
 */
export function compileNetwork(network: Network, precision: Precision): CompiledNetwork {
  const { classes, input, device } = network;
  const made: Tensor[] = [];
  const blocked = device === "cpu" ? compile(network, precision, made) : undefined;
  const plain = (images: Tensor) =>
    autocast(precision, () => network.forward(images, false).main, device);
  return {
    ...{ classes, input, device },
    forward: (images) => ({ main: noGrad(() => scope(() => (blocked ?? plain)(images))) }),
    dispose: () => dispose(made),
  };
}

/** A function images -> logits that computes in oneDNN's layout; undefined if this is not possible. */
function compile(
  network: Network,
  precision: Precision,
  made: Tensor[],
): ((images: Tensor) => Tensor) | undefined {
  const record = (size: number) => {
    const probe = zeros([1, 3, size, size]);
    try {
      return recordGraph((x) => ({ main: network.forward(x, false).main }), probe);
    } finally {
      probe.dispose();
    }
  };
  const recorded = record(64);
  const other = record(67);
  const graph = foldNorms(recorded);
  try {
    const known = graph.nodes.every((node) => ONEDNN.includes(node.operator));
    if (!known || sizeDependent(recorded, other).size > 0) return undefined;
    const run = replay(withOnednnPools(withoutCasts(graph)), (tensor, node) => {
      const blocked = noGrad(() => keep(scope(() => inBlocks(tensor, node, precision))));
      made.push(blocked);
      return blocked;
    });
    const forward = (images: Tensor): Tensor => {
      const { main } = run(toOnednn(images.to({ dtype: precision })));
      return toDense(main as Tensor).to({ dtype: "float32" });
    };
    scope(() => void forward(zeros([1, 3, 64, 64]))); // throws if the processor does not support it
    return forward;
  } catch {
    return undefined;
  } finally {
    for (const done of [graph, other, recorded]) done.dispose();
  }
}

/** A constant of a node in oneDNN's layout; a convolution's weight in the order of its kernel. */
function inBlocks(tensor: Tensor, { args }: GraphNode, precision: Precision): Tensor {
  const blocked = toOnednn(tensor.detach().to({ dtype: precision }));
  if (tensor.shape.length !== 4) return blocked;
  const [, , , stride, padding, dilation, groups] = args;
  return reorderWeight(
    blocked,
    padding as never,
    stride as never,
    dilation as never,
    groups as never,
  );
}

/** Calls oneDNN's pool by its own name, since newer versions of libtorch do not dispatch to it. */
function withOnednnPools(graph: Graph): Graph {
  const nodes = graph.nodes.map((node) =>
    node.operator === "max_pool2d" ? { ...node, operator: "mkldnn_max_pool2d" } : node,
  );
  return { ...graph, nodes };
}

/** The graph without casts to float32, which a graph of one precision does not need. */
function withoutCasts({ nodes, outputs, ...graph }: Graph): Graph {
  const before = new Map<unknown, unknown>();
  const source = (arg: unknown) => before.get(arg) ?? arg;
  const left = nodes.flatMap((node): GraphNode[] => {
    const args = node.args.map(source) as GraphNode["args"];
    if (node.operator !== "to.device") return [{ ...node, args }];
    before.set(node.output, args[0]);
    return [];
  });
  const ends = Object.entries(outputs).map(([name, value]) => [name, source(value)] as const);
  return { ...graph, nodes: left, outputs: Object.fromEntries(ends) as Graph["outputs"] };
}
