import { dispose, keep, noGrad, scope, type Tensor } from "../torch/index.js";
import { type Graph, type GraphNode, isValue, valuesOf } from "./graph.js";

/**
 * Returns the graph for inference, with batch normalisation folded into the weight and bias of the
 * convolution before it, if no other node reads the convolution's output. The results are the same up to
 * rounding. `graph` does not change.
 */
export function foldNorms(graph: Graph): Graph {
  const readers = new Map<number, number>();
  for (const { id } of [...graph.nodes.flatMap(valuesOf), ...Object.values(graph.outputs)]) {
    readers.set(id, (readers.get(id) ?? 0) + 1);
  }
  const own: Tensor[] = [];
  const nodes: GraphNode[] = [];
  const made = new Map<unknown, number>(); // by value: the index of its node
  for (const node of graph.nodes) {
    const at = made.get(node.args[0]) ?? nodes.length;
    const before = nodes[at];
    const alone = before !== undefined && readers.get(before.output.id) === 1;
    if (alone && node.operator === "batch_norm" && before.operator === "conv2d") {
      const [weight, bias] = folded(before, node);
      own.push(weight, bias);
      const [x, , , ...rest] = before.args;
      nodes[at] = { ...before, args: [x, weight, bias, ...rest], output: node.output };
      made.set(node.output, at);
    } else {
      made.set(node.output, nodes.length);
      nodes.push(node);
    }
  }
  return { ...graph, nodes, dispose: () => dispose(own) };
}

/** Weight and bias of a convolution with its normalisation: w' = w s, b' = (b - mean) s + shift. */
function folded(convolution: GraphNode, norm: GraphNode): [Tensor, Tensor] {
  const [, weight, bias] = convolution.args as [unknown, Tensor, Tensor | null];
  const [, scale, shift, mean, variance, training, , eps] = norm.args;
  if (training !== false || [weight, bias, scale, shift, mean, variance].some(isValue)) {
    throw new Error("foldNorms: expected a graph in evaluation mode, with constant weights");
  }
  return noGrad(() =>
    keep(
      scope((): [Tensor, Tensor] => {
        const factor = (scale as Tensor).div((variance as Tensor).add(eps as number).sqrt()); // [C]
        const centre = bias === null ? (mean as Tensor).neg() : bias.sub(mean as Tensor);
        return [
          weight.mul(factor.reshape(-1, 1, 1, 1)), // [O, C, kH, kW]
          centre.mul(factor).add(shift as Tensor), // [O]
        ];
      }),
    ),
  );
}
