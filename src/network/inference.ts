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
  capturesSteps,
  cudaGraph,
  dispose,
  inLayout,
  isGpu,
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
const ONEDNN = ["conv2d", "relu", "relu_", "add.Tensor", "add_.Tensor", "max_pool2d"];

const toOnednn = operator("to_mkldnn");
const toDense = operator("to_dense");
const reorderWeight = operator("mkldnn_reorder_conv2d_weight");

/** Operators whose results in `precision` are those under autocast, if all of their inputs have it. */
const OF_GPUS = ["conv2d", "relu", "relu_", "hardtanh_", "add.Tensor", "add_.Tensor", "max_pool2d"];

/**
 * Compiles a network with its current weights for prediction: without the auxiliary head, with batch
 * normalisation folded into convolutions; on the CPU with weights and activations in oneDNN's blocked layout,
 * which saves reordering them at every convolution, on a GPU with weights that are cast once. If this is not
 * possible (other operators), the network itself predicts. Casts to `precision` itself: call it outside
 * `autocast`.
 */
export function compileNetwork(network: Network, precision: Precision): CompiledNetwork {
  const { classes, input, device } = network;
  const made: Tensor[] = [];
  const forms = isGpu(device) ? gpuForms(precision) : onednnForms(precision);
  const compiled = compile(network, forms, made);
  const plain = (images: Tensor) =>
    autocast(precision, () => network.forward(images, false).main, device);
  const logits = (images: Tensor) => noGrad(() => scope(() => (compiled ?? plain)(images)));
  const cuda = capturesSteps(device) ? cudaGraph() : undefined;
  return {
    ...{ classes, input, device },
    forward: (images) => ({
      main: scope(() => cuda?.run("", images, logits).clone() ?? logits(images)),
    }),
    dispose() {
      cuda?.dispose();
      dispose(made);
    },
  };
}

/** What compiling does for a kind of device. */
interface Forms {
  /** The operators that the device runs in this form. */
  readonly operators: readonly string[];
  graph(graph: Graph): Graph;
  constant(tensor: Tensor, node: GraphNode): Tensor;
  input(images: Tensor): Tensor;
  output(logits: Tensor): Tensor;
}

const onednnForms = (precision: Precision): Forms => ({
  operators: ONEDNN,
  graph: withOnednnPools,
  constant: (tensor, node) => inBlocks(tensor, node, precision),
  input: (images) => toOnednn(images.to({ dtype: precision })),
  output: toDense,
});

const gpuForms = (precision: Precision): Forms => {
  const cast = (tensor: Tensor) => {
    const own = tensor.detach().to({ dtype: precision });
    return own.shape.length === 4 ? inLayout(own) : own;
  };
  return {
    operators: OF_GPUS,
    graph: (graph) => graph,
    constant: (tensor) => cast(tensor).clone(), // the network's own may change
    input: cast,
    output: (logits) => logits,
  };
};

/** A function images -> logits in a device's forms; undefined if this is not possible. */
function compile(
  network: Network,
  forms: Forms,
  made: Tensor[],
): ((images: Tensor) => Tensor) | undefined {
  const { device } = network;
  const record = (size: number) => {
    const probe = zeros([1, 3, size, size], { device });
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
    const known = [...forms.operators, "to.device"];
    const isKnown = graph.nodes.every((node) => known.includes(node.operator));
    if (!isKnown || sizeDependent(recorded, other).size > 0) return undefined;
    const run = replay(forms.graph(withoutCasts(graph)), (tensor, node) => {
      const constant = noGrad(() => keep(scope(() => forms.constant(tensor, node))));
      made.push(constant);
      return constant;
    });
    const forward = (images: Tensor): Tensor => {
      const { main } = run(forms.input(images));
      return forms.output(main as Tensor).to({ dtype: "float32" });
    };
    scope(() => void forward(zeros([1, 3, 64, 64], { device }))); // throws if it is not supported
    return forward;
  } catch {
    dispose(made.splice(0));
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
