import { UserError } from "../errors.js";
import { type GraphArgument, type GraphNode, isValue, type Value, valuesOf } from "../nn/index.js";

/**
 * Replaces the arguments that depend on the size of the image (those of `dependent`) with ONNX's forms for
 * images of any size: upsampling to the size of another map, and SAME_UPPER padding.
 * @throws UserError if anything else depends on the size
 */
export const sizesOfAnyImage = (
  nodes: readonly GraphNode[],
  dependent: ReadonlySet<Value>,
): readonly GraphNode[] => samePadding(upsamplingByReference(nodes), dependent);

/** Upsamples each map to the size of the map that it is concatenated with. */
function upsamplingByReference(nodes: readonly GraphNode[]): readonly GraphNode[] {
  const joined = nodes
    .filter(({ operator }) => operator === "cat")
    .map(({ args: [parts] }) => (parts as readonly unknown[]).filter(isValue));
  const made = new Set<Value>();
  return nodes.map((node) => {
    const { operator, args, output } = node;
    made.add(output);
    if (operator !== "upsample_bilinear2d") return node;
    const like = joined
      .find((parts) => parts.includes(output))
      ?.find((part) => part !== output && made.has(part));
    if (like === undefined) throw unsupported(operator);
    return { ...node, args: [args[0] as Value, like] };
  });
}

/** Replaces paddings with SAME_UPPER, which pads like TensorFlow: the extra pixel after, not before. */
function samePadding(
  nodes: readonly GraphNode[],
  dependent: ReadonlySet<Value>,
): readonly GraphNode[] {
  const padded = new Map<unknown, GraphArgument>(); // the inputs of paddings, by their results
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
    const isFixed = operator === "upsample_bilinear2d" || !dependent.has(output);
    if (!isFixed || valuesOf(node).some((value) => padded.has(value))) throw unsupported(operator);
    return [node];
  });
}

const unsupported = (operator: string) =>
  new UserError(
    "not-supported",
    `the ONNX export does not support ${operator} with arguments that depend on the size of the image: ` +
      "use constants in the network's forward pass",
  );
