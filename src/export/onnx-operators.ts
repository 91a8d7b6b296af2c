import { UserError } from "../errors.js";
import { type GraphArgument, type GraphNode, isValue, type Value } from "../nn/index.js";
import type { Tensor } from "../torch/index.js";
import type { OnnxBuilder } from "./onnx-builder.js";

/** A recorded argument, with the names of values in the ONNX graph in place of tensors. */
type Arg = string | Exclude<GraphArgument, Value | Tensor>;
type Rule = (add: OnnxBuilder, args: readonly Arg[]) => string;

const pads = (padding: Arg) => [...(padding as number[]), ...(padding as number[])];
/** The name of an operand: a number becomes a constant. */
const operand = (add: OnnxBuilder, arg: Arg | undefined): string =>
  typeof arg === "number" ? add.scalar(arg) : (arg as string);

const unary =
  (type: string): Rule =>
  (add, [x]) =>
    add.node(type, [x as string]);
const binary =
  (type: string): Rule =>
  (add, [a, b, scale = 1]) => {
    if (scale !== 1) throw new Error(`${type} with a factor of ${scale} is not exported`);
    return add.node(type, [operand(add, a), operand(add, b)]);
  };

const clip: Rule = (add, [x, least, most]) =>
  add.node("Clip", [x as string, operand(add, least), operand(add, most)]);

/** How libtorch's operators translate to ONNX, by the name of their schema. */
const RULES: Readonly<Record<string, Rule>> = {
  conv2d: (add, [x, weight, bias, strides, padding, dilations, group]) =>
    add.node("Conv", [x, weight, ...(bias === null ? [] : [bias])] as string[], {
      strides: strides as number[],
      // libtorch has no "same" padding for strided convolutions; see onnx-sizes.ts.
      ...(padding === "same" ? { auto_pad: "SAME_UPPER" } : { pads: pads(padding as number[]) }),
      dilations: dilations as number[],
      group: group as number,
    }),
  max_pool2d: (add, [x, kernel, strides, padding, , ceilMode]) =>
    add.node("MaxPool", [x as string], {
      kernel_shape: kernel as number[],
      strides: strides as number[],
      pads: pads(padding as number[]),
      ceil_mode: ceilMode === true ? 1 : 0,
    }),
  relu: unary("Relu"),
  sigmoid: unary("Sigmoid"),
  tanh: unary("Tanh"),
  clamp: clip,
  hardtanh: clip,
  "mean.dim": (add, [x, axes, keepDims]) =>
    add.node("ReduceMean", [x as string], { axes: axes as number[], keepdims: keepDims ? 1 : 0 }),
  // The size is another map's, which onnx-sizes.ts has put in the place of numbers.
  upsample_bilinear2d: (add, [x, like]) => resizeLike(add, x as string, like as string),
  constant_pad_nd: (add, [x, sides]) => {
    const [left, right, top, bottom] = sides as [number, number, number, number];
    return add.node("Pad", [x as string, add.int64s([0, 0, top, left, 0, 0, bottom, right])]);
  },
  "add.Tensor": binary("Add"),
  "add.Scalar": binary("Add"),
  "sub.Tensor": binary("Sub"),
  "sub.Scalar": binary("Sub"),
  "mul.Tensor": binary("Mul"),
  "mul.Scalar": binary("Mul"),
  "div.Tensor": binary("Div"),
  "div.Scalar": binary("Div"),
  cat: (add, [parts, axis]) =>
    add.node("Concat", parts as unknown as string[], { axis: axis as number }),
  // Everything is float32 on the CPU already.
  "to.device": (_, [x]) => x as string,
};

/** [N, C, h, w] -> [N, C, H, W], the size of `like`; bilinear with aligned corners. */
export function resizeLike(add: OnnxBuilder, x: string, like: string): string {
  const part = (of: string, start: number, end: number) =>
    add.node("Slice", [add.node("Shape", [of]), add.int64s([start]), add.int64s([end])]);
  const sizes = add.node("Concat", [part(x, 0, 2), part(like, 2, 4)], { axis: 0 });
  return add.node("Resize", [x, "", "", sizes], {
    mode: "linear",
    coordinate_transformation_mode: "align_corners",
  });
}

/**
 * Adds a recorded call to an ONNX graph and returns the name of its result.
 * @throws UserError for an operator without a rule
 */
export function addOperator(
  add: OnnxBuilder,
  { operator, args }: GraphNode,
  nameOf: (value: Value) => string,
): string {
  const plain = operator.replace(/_(?=\.|$)/, ""); // in-place variants translate alike
  const rule = RULES[plain];
  if (rule === undefined) {
    throw new UserError(
      "not-supported",
      `the ONNX export does not support the operator ${plain} of libtorch: add a rule for it in ` +
        "src/export/onnx-operators.ts",
    );
  }
  const named = (arg: unknown): unknown => {
    if (Array.isArray(arg)) return arg.map(named);
    if (isValue(arg)) return nameOf(arg);
    return isTensor(arg) ? add.constant(arg) : arg;
  };
  return rule(add, args.map(named) as Arg[]);
}

function isTensor(arg: unknown): arg is Tensor {
  return typeof arg === "object" && arg !== null && "handle" in arg;
}
