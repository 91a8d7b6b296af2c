import {
  type Argument,
  dispose,
  keep,
  listening,
  noGrad,
  scope,
  type Tensor,
} from "../torch/index.js";

/** A tensor that depends on the input of a graph. */
export interface Value {
  readonly id: number;
}

/** An argument of a recorded operator: values, and tensors that are the same for every input. */
export type GraphArgument =
  | Value
  | Exclude<Argument, readonly unknown[]>
  | readonly (Value | Tensor | number | boolean | null)[];

/** One call of an operator, with its arguments. `output` is a new value even for an in-place operator. */
export interface GraphNode {
  readonly operator: string;
  readonly args: readonly GraphArgument[];
  readonly output: Value;
}

/** The computation of a function of one tensor: nodes in topological order. */
export interface Graph {
  readonly input: Value;
  readonly nodes: readonly GraphNode[];
  readonly outputs: Readonly<Record<string, Value>>;
  /** Frees the constants that belong to the graph; parameters belong to their network. */
  dispose(): void;
}

/** Whether an argument is a value that depends on the input, not a constant. */
export const isValue = (arg: unknown): arg is Value =>
  typeof arg === "object" && arg !== null && "id" in arg;

/** The values that a node reads; a value that it reads twice is listed twice. */
export function valuesOf({ args }: GraphNode): Value[] {
  return args.flat().filter(isValue);
}

/**
 * Records the operators that `forward` calls on `input`, by calling it once. Operators on constants are
 * not recorded: their results are constants of the graph. Numbers are recorded as they are for this input,
 * so the graph is valid for other sizes only if no number depends on the size.
 * @throws Error if an output does not depend on the input
 */
export function recordGraph(
  forward: (x: Tensor) => Readonly<Record<string, Tensor>>,
  input: Tensor,
): Graph {
  const values = new Map<number, Value>(); // by handle: the current value of a tensor
  const own: Tensor[] = [];
  const nodes: GraphNode[] = [];
  let count = 0;
  const next = (tensor: Tensor) => {
    const value = { id: count++ };
    values.set(tensor.handle, value);
    return value;
  };
  const place = (item: unknown): unknown =>
    typeof item === "object" && item !== null && "handle" in item
      ? (values.get(item.handle as number) ?? item)
      : item;
  const first = next(input);
  const found = scope(() =>
    noGrad(() =>
      listening(
        (operator, given, result) => {
          const args = given.map((arg) => (Array.isArray(arg) ? arg.map(place) : place(arg)));
          if (args.flat().some(isValue)) {
            nodes.push({ operator, args: args as GraphArgument[], output: next(result) });
          } else if (!result.kept) own.push(keep(result));
        },
        () => forward(input),
      ),
    ),
  );
  const outputs = Object.entries(found).map(([name, tensor]) => {
    const value = values.get(tensor.handle);
    if (value === undefined) throw new Error(`${name} does not depend on the input`);
    return [name, value] as const;
  });
  dispose(found);
  return {
    input: first,
    nodes: needed(nodes, Object.values(Object.fromEntries(outputs))),
    outputs: Object.fromEntries(outputs),
    dispose: () => dispose(own),
  };
}

/**
 * The values of `graph` whose nodes have other numbers in `other`, a recording of the same function on an
 * input of another size. Their recorded numbers are valid for one size only.
 * @throws Error if the recordings have different operators
 */
export function sizeDependent(graph: Graph, other: Graph): Set<Value> {
  const operators = ({ nodes }: Graph) => nodes.map(({ operator }) => operator).join();
  if (operators(graph) !== operators(other)) {
    throw new Error("the network calls other operators for images of another size");
  }
  const numbers = ({ args }: GraphNode) => args.flat().filter((arg) => typeof arg === "number");
  const differing = graph.nodes.filter(
    (node, i) => numbers(node).join() !== numbers(other.nodes[i] as GraphNode).join(),
  );
  return new Set(differing.map(({ output }) => output));
}

/** The nodes that the outputs depend on. */
function needed(nodes: readonly GraphNode[], outputs: readonly Value[]): GraphNode[] {
  const wanted = new Set(outputs.map(({ id }) => id));
  return [...nodes]
    .reverse()
    .filter((node) => {
      if (!wanted.has(node.output.id)) return false;
      for (const { id } of valuesOf(node)) wanted.add(id);
      return true;
    })
    .reverse();
}
