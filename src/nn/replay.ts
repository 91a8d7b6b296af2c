import { inPlace, noGrad, operator, scope, type Tensor } from "../torch/index.js";
import { type Graph, type GraphArgument, type GraphNode, isValue, valuesOf } from "./graph.js";

/** Names of in-place operators end in an underscore: "relu_", "add_.Tensor". */
const isInPlace = (name: string) => /_(\.|$)/.test(name);

/**
 * Returns a function that runs the operators of a graph. It frees each value after its last use.
 * @param constant replaces a constant of a node, e.g. by the same tensor in another layout
 */
export function replay(
  graph: Graph,
  constant: (tensor: Tensor, node: GraphNode) => Tensor = (tensor) => tensor,
): (input: Tensor) => Record<string, Tensor> {
  const last = new Map<number, GraphNode>();
  for (const node of graph.nodes) for (const { id } of valuesOf(node)) last.set(id, node);
  for (const { id } of [graph.input, ...Object.values(graph.outputs)]) last.delete(id);

  const steps = graph.nodes.map((node) => {
    const call = isInPlace(node.operator) ? inPlace(node.operator) : operator(node.operator);
    const prepare = (arg: unknown): unknown => {
      if (Array.isArray(arg)) return arg.map(prepare);
      const isConstant = typeof arg === "object" && arg !== null && "handle" in arg;
      return isConstant ? constant(arg as Tensor, node) : arg;
    };
    const args = node.args.map(prepare) as GraphArgument[];
    const done = [...new Set(valuesOf(node))].filter(({ id }) => last.get(id) === node);
    return { call, args, done, output: node.output };
  });
  return (input) =>
    noGrad(() =>
      scope(() => {
        const values = new Map<number, Tensor>([[graph.input.id, input]]);
        const placed = (arg: unknown): unknown => {
          if (Array.isArray(arg)) return arg.map(placed);
          return isValue(arg) ? values.get(arg.id) : arg;
        };
        for (const { call, args, done, output } of steps) {
          const result = call(...(args.map(placed) as [Tensor]));
          values.set(output.id, result);
          for (const { id } of done) if (values.get(id) !== result) values.get(id)?.dispose();
        }
        return Object.fromEntries(
          Object.entries(graph.outputs).map(([name, { id }]) => [name, values.get(id) as Tensor]),
        );
      }),
    );
}
