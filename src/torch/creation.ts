import { type Dtype, naturalDtype, scalarType, type TypedArray } from "./dtype.js";
import { native } from "./native.js";
import { operator } from "./operator.js";
import { Tensor } from "./tensor.js";

// Tensors from nothing, from JavaScript's arrays, and from the CPU.

const zerosOp = operator("zeros");
const onesOp = operator("ones");
const fullOp = operator("full");
const emptyOp = operator("empty.memory_format");
const randnOp = operator("randn");
const randOp = operator("rand");
const arangeOp = operator("arange");

/** Element type and device of a new tensor. Default float32 on "cpu". */
export interface TensorOptions {
  readonly dtype?: Dtype;
  readonly device?: string;
}

/** The dtype, layout and device arguments of a creation operator. */
function like({
  dtype = "float32",
  device,
}: TensorOptions): [number, undefined, string | undefined] {
  return [scalarType(dtype), undefined, device];
}

/**
 * A tensor of `shape` with a copy of the elements of `data`. Throws if sizes differ. To fill a tensor
 * without a copy, write to the `array` of an `empty` one.
 */
export function tensor(
  data: TypedArray,
  shape: readonly number[] = [data.length],
  options: TensorOptions = {},
): Tensor {
  const natural = data instanceof Uint16Array ? (options.dtype ?? "bfloat16") : naturalDtype(data);
  const made = new Tensor(native.fromArray(data, shape, scalarType(natural)));
  const { dtype = natural, device = "cpu" } = options;
  if (dtype === natural && device === "cpu") return made;
  const converted = made.to({ dtype, device });
  made.dispose();
  return converted;
}

const pinOp = operator("pin_memory");
/**
 * Copies a tensor from the CPU to `device`. A copy to a GPU goes through pinned memory, which libtorch
 * reuses, and does not wait for the GPU's pending work.
 */
export const upload = (x: Tensor, device: string): Tensor =>
  device === "cpu" ? x : pinOp(x).to({ device });

/**
 * A tensor of `shape` on `device` with the elements of several arrays, one after another. Copies like
 * `upload`; on the CPU, their elements are copied once.
 */
export function uploadAll(
  parts: readonly TypedArray[],
  shape: readonly number[],
  device = "cpu",
): Tensor {
  const pinned = device !== "cpu";
  const dtype = naturalDtype(parts[0] as TypedArray);
  const made = new Tensor(native.fromArrays(parts, shape, scalarType(dtype), pinned));
  return pinned ? made.to({ device }) : made;
}

/** A tensor filled with 0. */
export const zeros = (shape: readonly number[], options: TensorOptions = {}): Tensor =>
  zerosOp(shape, ...like(options));
const zerosLikeOp = operator("zeros_like");
/** A tensor filled with 0 of the shape, type, device and strides of another. */
export const zerosLike = (x: Tensor): Tensor => zerosLikeOp(x);
/** A tensor filled with 1. */
export const ones = (shape: readonly number[], options: TensorOptions = {}): Tensor =>
  onesOp(shape, ...like(options));
/** A tensor filled with `value`. */
export const full = (shape: readonly number[], value: number, options: TensorOptions = {}) =>
  fullOp(shape, value, ...like(options));
/** A tensor with uninitialised memory. */
export const empty = (shape: readonly number[], options: TensorOptions = {}): Tensor =>
  emptyOp(shape, ...like(options));
/** Standard normal numbers from libtorch's generator; see `manualSeed`. */
export const randn = (shape: readonly number[], options: TensorOptions = {}): Tensor =>
  randnOp(shape, ...like(options));
/** Numbers uniform in [0, 1) from libtorch's generator. */
export const rand = (shape: readonly number[], options: TensorOptions = {}): Tensor =>
  randOp(shape, ...like(options));
/** 0, 1, ..., end - 1. */
export const arange = (end: number, options: TensorOptions = {}): Tensor =>
  arangeOp(end, ...like({ dtype: "int64", ...options }));
