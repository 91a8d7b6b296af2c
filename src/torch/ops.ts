import { isGpu, mustBeExact, storesChannelsLast } from "./device.js";
import { reducedAfter, reflectBySlices } from "./exact.js";
import { inPlace, listInPlace, operator, operators } from "./operator.js";
import { resizeByProducts } from "./resize.js";
import type { Tensor } from "./tensor.js";

// Operators that are not methods of a tensor: lists, layers and losses.

const catOp = operator("cat");
const stackOp = operator("stack");
/** Concatenates along an existing dimension. */
export const cat = (parts: readonly Tensor[], dim = 0): Tensor => catOp(parts, dim);
/** Concatenates along a new dimension. */
export const stack = (parts: readonly Tensor[], dim = 0): Tensor => stackOp(parts, dim);
/** a where the condition c (bool) is true, b elsewhere. Shapes broadcast. */
export const where = operator("where.self") as (c: Tensor, a: Tensor, b: Tensor) => Tensor;

const conv2dOp = operator("conv2d");

/** The same in both directions. Default: stride 1, padding 0, dilation 1, one group. */
export interface ConvOptions {
  readonly stride?: number;
  readonly padding?: number;
  readonly dilation?: number;
  readonly groups?: number;
}

/** x [N, C, H, W], weight [O, C / groups, kH, kW], bias [O] -> [N, O, H', W']. */
export function conv2d(
  x: Tensor,
  weight: Tensor,
  bias: Tensor | null,
  { stride = 1, padding = 0, dilation = 1, groups = 1 }: ConvOptions = {},
): Tensor {
  return conv2dOp(
    x,
    weight,
    bias,
    [stride, stride],
    [padding, padding],
    [dilation, dilation],
    groups,
  );
}

const col2imOp = operator("col2im");
/**
 * Adds columns [N, C kernel^2, h w] up to an image [N, C, h, w]: column (c, i, j) of a pixel goes to
 * channel c, i steps of `dilation` down and j to the right of the window centred on that pixel.
 */
export function addColumns(
  columns: Tensor,
  [height, width]: readonly [number, number],
  { kernel, dilation }: { readonly kernel: number; readonly dilation: number },
): Tensor {
  const padding = (dilation * (kernel - 1)) / 2;
  return col2imOp(
    columns,
    [height, width],
    [kernel, kernel],
    [dilation, dilation],
    [padding, padding],
    [1, 1],
  );
}

const linearOp = operator("linear");
/** x [..., in], weight [out, in], bias [out] -> [..., out]. */
export const linear = (x: Tensor, weight: Tensor, bias: Tensor | null = null): Tensor =>
  linearOp(x, weight, bias);

const batchNormOp = operator("batch_norm");

/** float32 [C] each. */
export interface BatchNormState {
  readonly weight: Tensor;
  readonly bias: Tensor;
  readonly runningMean: Tensor;
  readonly runningVar: Tensor;
}

/** Normalises per channel; in training by the batch's statistics, which update the running statistics. */
export function batchNorm(
  x: Tensor,
  { weight, bias, runningMean, runningVar }: BatchNormState,
  training: boolean,
  { momentum = 0.1, eps = 1e-5 } = {},
): Tensor {
  // The last argument enables cuDNN on a GPU.
  return batchNormOp(x, weight, bias, runningMean, runningVar, training, momentum, eps, true);
}

const maxPool2dOp = operator("max_pool2d");
/** [N, C, H, W] -> [N, C, H', W'], the largest of each window; windows do not overlap unless `stride` is given. */
export const maxPool2d = (
  x: Tensor,
  kernel: number,
  { stride = kernel, padding = 0, ceilMode = false } = {},
): Tensor =>
  maxPool2dOp(x, [kernel, kernel], [stride, stride], [padding, padding], [1, 1], ceilMode);

const bilinearOp = operator("upsample_bilinear2d");
/** [N, C, H, W] -> [N, C, height, width], bilinear with aligned corners, as in the reference. */
export const upsampleBilinear = (x: Tensor, height: number, width: number): Tensor =>
  isGpu(x.device) && x.requiresGrad
    ? resizeByProducts(x, height, width)
    : bilinearOp(x, [height, width], true);

const nearestOp = operator("upsample_nearest2d");
/** [N, C, H, W] -> [N, C, height, width], nearest neighbour. */
export const upsampleNearest = (x: Tensor, height: number, width: number): Tensor =>
  nearestOp(x, [height, width]);

const crossEntropyOp = operator("cross_entropy_loss");
const REDUCTIONS = { none: 0, mean: 1, sum: 2 } as const;
/**
 * logits [N, C, ...], labels int64 [N, ...] -> scalar mean over the labels that are not `ignore`, NaN if
 * there are none. Without reduction [N, ...], 0 for ignored labels.
 */
export const crossEntropy = (
  logits: Tensor,
  labels: Tensor,
  { ignore = -100, reduction = "mean" as keyof typeof REDUCTIONS } = {},
): Tensor => {
  const loss = (how: keyof typeof REDUCTIONS) =>
    crossEntropyOp(logits, labels, null, REDUCTIONS[how], ignore);
  if (reduction === "none" || !mustBeExact(logits)) return loss(reduction);
  return reducedAfter(loss("none"), labels, { ignore, reduction });
};

const oneHotOp = operator("one_hot");
/** labels int64 [...] in 0..classes-1 -> int64 [..., classes]. */
export const oneHot = (labels: Tensor, classes: number): Tensor => oneHotOp(labels, classes);

const mseOp = operator("mse_loss");
/** The mean of (a - b)^2, a scalar. */
export const mseLoss = (a: Tensor, b: Tensor): Tensor => mseOp(a, b);

const reflectOp = operator("reflection_pad2d");
/** Reflects `padding` pixels at each border of [N, C, H, W]. */
export const reflectionPad = (x: Tensor, padding: number): Tensor =>
  mustBeExact(x) ? reflectBySlices(x, padding) : reflectOp(x, [padding, padding, padding, padding]);

const padOp = operator("constant_pad_nd");
/** Pads [N, C, H, W] with zeros: left, right, top, bottom. */
export const pad = (x: Tensor, sides: readonly [number, number, number, number]): Tensor =>
  padOp(x, sides, 0);

const topkOp = operators("topk");
/** The k largest (or smallest) along `dim`: values and int64 indices. */
export function topk(x: Tensor, k: number, dim = -1, largest = true): [Tensor, Tensor] {
  return topkOp(x, k, dim, largest, true) as [Tensor, Tensor];
}

const foreachMulOp = listInPlace("_foreach_mul_.Scalar");
const foreachAddOp = listInPlace("_foreach_add_.List");
/** Multiplies every tensor by a number, in place. */
export const multiplyAll = (tensors: readonly Tensor[], factor: number): void =>
  foreachMulOp(tensors, factor);
const foreachMulEachOp = listInPlace("_foreach_mul_.List");
/** Multiplies every tensor by a number that is a tensor, [], in place: without reading it from a GPU. */
export const scaleAll = (tensors: readonly Tensor[], factor: Tensor): void =>
  foreachMulEachOp(
    tensors,
    tensors.map(() => factor),
  );
/** a[i] += scale * b[i], in place. */
export const addAll = (a: readonly Tensor[], b: readonly Tensor[], scale = 1): void =>
  foreachAddOp(a, b, scale);

const foreachDivOp = listInPlace("_foreach_div_.Scalar");
const foreachShiftOp = listInPlace("_foreach_add_.Scalar");
/** Divides every tensor by a number, in place. */
export const divideAll = (tensors: readonly Tensor[], divisor: number): void =>
  foreachDivOp(tensors, divisor);
/** Adds a number to every element of every tensor, in place. */
export const shiftAll = (tensors: readonly Tensor[], by: number): void =>
  foreachShiftOp(tensors, by);

const foreachAddProductsOp = listInPlace("_foreach_addcmul_.Scalar");
const foreachAddQuotientsOp = listInPlace("_foreach_addcdiv_.Scalar");
/** a[i] += scale * b[i] * c[i], in place. */
export const addProducts = (
  a: readonly Tensor[],
  b: readonly Tensor[],
  c: readonly Tensor[],
  scale: number,
): void => foreachAddProductsOp(a, b, c, scale);
/** a[i] += scale * b[i] / c[i], in place. */
export const addQuotients = (
  a: readonly Tensor[],
  b: readonly Tensor[],
  c: readonly Tensor[],
  scale: number,
): void => foreachAddQuotientsOp(a, b, c, scale);

const foreachProductOp = operators("_foreach_mul.List");
const foreachQuotientOp = operators("_foreach_div.List");
const foreachRootOp = operators("_foreach_sqrt");
const foreachNormOp = operators("_foreach_norm.Scalar");
type Lists = (a: readonly Tensor[], b: readonly Tensor[]) => Tensor[];
/** a[i] * b[i]. */
export const products: Lists = (a, b) => foreachProductOp(a, b);
/** a[i] / b[i]. */
export const quotients: Lists = (a, b) => foreachQuotientOp(a, b);
/** The square root of every tensor. */
export const roots = (tensors: readonly Tensor[]): Tensor[] => foreachRootOp(tensors);
/** The Euclidean norm of every tensor, [] each. */
export const norms = (tensors: readonly Tensor[]): Tensor[] => foreachNormOp(tensors, 2);

const contiguousOp = operator("contiguous");
const MEMORY_FORMATS = { channelsFirst: 0, channelsLast: 2 } as const;
/** [N, C, H, W] in the order in which networks on its device store it; `x` itself if it has this order. */
export const inLayout = (x: Tensor): Tensor => {
  const { channelsFirst, channelsLast } = MEMORY_FORMATS;
  return contiguousOp(x, storesChannelsLast(x.device) ? channelsLast : channelsFirst);
};

const copyOp = inPlace("copy_");
/** Copies `source` into `target`, and converts type and device. */
export const copyInto = (target: Tensor, source: Tensor): Tensor => copyOp(target, source);

const foreachZeroOp = listInPlace("_foreach_zero_");
const foreachAddNumberOp = operators("_foreach_add.Scalar");
const onGpu = (tensors: readonly Tensor[]) => tensors.some(({ device }) => isGpu(device));
/** Copies of tensors of one type, by one operator on a GPU. */
export const copies = (tensors: readonly Tensor[]): Tensor[] =>
  onGpu(tensors) ? foreachAddNumberOp(tensors, 0) : tensors.map((tensor) => tensor.clone());
/** Copies each source into its target, all of one type and device; by two operators on a GPU. */
export function copyAll(targets: readonly Tensor[], sources: readonly Tensor[]): void {
  if (onGpu(targets)) {
    foreachZeroOp(targets);
    addAll(targets, sources);
  } else {
    for (const [i, target] of targets.entries()) copyInto(target, sources[i] as Tensor);
  }
}
