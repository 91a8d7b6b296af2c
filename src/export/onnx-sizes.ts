import { UserError } from "../errors.js";
import { type GraphArgument, type GraphNode, isValue, type Value, valuesOf } from "../nn/index.js";

/**
 * The nodes with those numbers that depend on the size of the image (`dependent`) said as ONNX says
 * them: upsampling to the size of another map, and paddings as TensorFlow's "same".
 * @throws UserError if something else depends on the size
 */
export const sizesOfAnyImage = (
  nodes: readonly GraphNode[],
  dependent: ReadonlySet<Value>,
): readonly GraphNode[] => samePadding(upsamplingByReference(nodes), dependent);

/** Whose size an upsampled map has: that of the map with which it, or its cast, is concatenated. */
function upsamplingByReference(nodes: readonly GraphNode[]): readonly GraphNode[] {
  const casts = new Map<unknown, unknown>(
    nodes
      .filter(({ operator }) => operator === "to.device")
      .map(({ output, args: [x] }) => [output, x]),
  );
  const joined = nodes
    .filter(({ operator }) => operator === "cat")
    .map(({ args: [parts] }) => (parts as readonly unknown[]).filter(isValue));
  const made = new Set<Value>();
  return nodes.map((node) => {
    const { operator, args, output } = node;
    made.add(output);
    if (operator !== "upsample_bilinear2d") return node;
    const like = joined
      .find((parts) => parts.some((part) => (casts.get(part) ?? part) === output))
      ?.find((part) => made.has(part));
    if (like === undefined) throw unsaid(operator);
    return { ...node, args: [args[0] as Value, like] };
  });
}

/** Paddings of as many pixels as it takes, more after than before. */
function samePadding(
  nodes: readonly GraphNode[],
  dependent: ReadonlySet<Value>,
): readonly GraphNode[] {
  const padded = new Map<unknown, GraphArgument>(); // what was padded, by the result
  return nodes.flatMap((node) => {
    const { operator, args, output } = node;
    const [x, weight, bias, stride, padding, ...rest] = args;
    if (operator === "constant_pad_nd" && dependent.has(output)) {
      padded.set(output, x as Value);
      return [];
    }
    const before = padded.get(x);
    if (operator === "conv2d" && before !== undefined && String(padding) === "0,0") {
      return [
        { ...node, args: [before, weight, bias, stride, "same", ...rest] as GraphArgument[] },
      ];
    }
    const isSaid = operator === "upsample_bilinear2d" || !dependent.has(output);
    if (!isSaid || valuesOf(node).some((value) => padded.has(value))) throw unsaid(operator);
    return [node];
  });
}

const unsaid = (operator: string) =>
  new UserError(
    "not-supported",
    `the network computes ${operator} with numbers that depend on the size of the image, which the ` +
      "ONNX export cannot say",
  );
