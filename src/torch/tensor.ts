import { callsFor } from "./calls.js";
import { isGpu } from "./device.js";
import {
  type Dtype,
  dtypeOf,
  elementSize,
  scalarType,
  type TypedArray,
  typedArray,
} from "./dtype.js";
import { native } from "./native.js";
import { explained } from "./out-of-memory.js";
import { adopt, scope } from "./scope.js";
import { tensorOperators } from "./tensor-operators.js";

// Frees tensors that do not belong to a scope and were not disposed.
const collected = new FinalizationRegistry<number>((handle) => native.dispose(handle));

/** The second operand of arithmetic. */
export type Operand = Tensor | number;
type Dims = number | readonly number[];

let hostReads = 0;
/**
 * The number of copies of elements to JavaScript, each of which waits for the GPU. `array`, which exists only
 * on the CPU, does not count.
 */
export const countHostReads = (): number => hostReads;

const list = (dims: Dims): readonly number[] => (typeof dims === "number" ? [dims] : dims);

/**
 * Owns one tensor of libtorch. Inside `scope` it is freed with the scope. Outside, `dispose` frees it, or
 * the garbage collector at some later time. Using it after that is an error.
 *
 * Operators return new tensors. Methods whose names end in `InPlace` change this tensor and return it.
 */
export class Tensor {
  readonly handle: number;
  /** Set by `keep`: no scope frees this tensor. */
  kept = false;

  constructor(handle: number) {
    this.handle = handle;
    if (!adopt(this)) this.guard();
  }

  /** Lets the garbage collector free the tensor if it is not referenced any more. */
  guard(): void {
    collected.register(this, this.handle, this);
  }

  /** Frees the tensor's memory, unless something else (a view, a graph) uses it. Idempotent. */
  dispose(): void {
    native.dispose(this.handle);
    collected.unregister(this);
  }

  get isLive(): boolean {
    return native.isLive(this.handle);
  }

  get shape(): number[] {
    return native.shape(this.handle);
  }

  /** Size along `dim`; negative counts from the end. Throws if the dimension does not exist. */
  size(dim: number): number {
    const { shape } = this;
    const size = shape.at(dim);
    if (size === undefined) throw new Error(`size: no dimension ${dim} in [${shape}]`);
    return size;
  }

  /** Number of elements. */
  get count(): number {
    return this.shape.reduce((product, size) => product * size, 1);
  }

  get dtype(): Dtype {
    return dtypeOf(native.scalarType(this.handle));
  }

  /** Bytes of one element. */
  get itemSize(): number {
    return elementSize(this.dtype);
  }

  /** "cpu", "cuda:0", ... */
  get device(): string {
    return native.device(this.handle);
  }

  get requiresGrad(): boolean {
    return native.requiresGrad(this.handle);
  }

  set requiresGrad(value: boolean) {
    native.setRequiresGrad(this.handle, value);
  }

  /** The accumulated gradient, if any: a new handle on the same memory. */
  get grad(): Tensor | undefined {
    const handle = native.grad(this.handle);
    return handle === null ? undefined : new Tensor(handle);
  }

  set grad(value: Tensor | undefined) {
    native.setGrad(this.handle, value?.handle ?? null);
  }

  /** Back-propagates from this scalar, or with a `gradient` of this shape, to the leaves. */
  backward(gradient?: Tensor, retainGraph = false): void {
    try {
      native.backward([this.handle], gradient ? [gradient.handle] : null, retainGraph);
    } catch (error) {
      throw explained(error);
    }
  }

  /** The only element, as a number. Throws if there are several or none. */
  item(): number {
    const numbers = this.numbers();
    if (numbers.length !== 1) throw new Error(`item: expected one element, got [${this.shape}]`);
    return numbers[0] as number;
  }

  /** A copy of the elements as numbers, from any device, layout and type. */
  numbers(): number[] {
    return Array.from(this.typed("float64") as Float64Array);
  }

  /**
   * A copy of the elements in row-major order as a typed array, from any device and layout. The copy is
   * libtorch's memory, and is freed when the event loop turns after the array was collected: a long loop
   * without an `await` keeps every copy. There, read `array`, or copy into one tensor and read its `array`.
   */
  typed(dtype: Dtype = this.dtype): TypedArray {
    hostReads++;
    return scope(() => {
      const moved = op.move(op.detach(this), "cpu", scalarType(dtype), false, true);
      return op.contiguous(moved).array;
    });
  }

  /** A copy of the elements in row-major order, as bytes of a file. */
  bytes(): Uint8Array {
    const { buffer, byteOffset, byteLength } = this.typed();
    return new Uint8Array(buffer, byteOffset, byteLength);
  }

  /**
   * The elements in row-major order without a copy: writing to the array writes to the tensor, until an
   * operator (`resize_`) gives the tensor other memory.
   * The tensor must be contiguous and on the CPU. bfloat16 and float16 are raw 16-bit words.
   */
  get array(): TypedArray {
    return typedArray(this.dtype, native.bytes(this.handle));
  }

  /** Returns a tensor with the same memory, outside the graph. */
  detach(): Tensor {
    return op.detach(this);
  }
  clone(): Tensor {
    return op.clone(this);
  }
  contiguous(): Tensor {
    return op.contiguous(this);
  }

  /**
   * Converts element type and device. Returns a tensor with the same memory if both are equal. A copy to a
   * GPU does not wait for the GPU's pending work; unless this tensor's memory is pinned, it is read before
   * this returns.
   */
  to({ dtype = this.dtype, device = this.device }: { dtype?: Dtype; device?: string }): Tensor {
    return op.move(this, device, scalarType(dtype), device !== "cpu");
  }

  // Arithmetic. Shapes broadcast.

  add(other: Operand): Tensor {
    return op.add(this, other);
  }
  sub(other: Operand): Tensor {
    return op.sub(this, other);
  }
  mul(other: Operand): Tensor {
    return op.mul(this, other);
  }
  div(other: Operand): Tensor {
    return op.div(this, other);
  }
  /** this += scale * other. */
  addInPlace(other: Tensor, scale = 1): this {
    op.addInPlace(this, other, scale);
    return this;
  }
  subInPlace(other: Operand): this {
    op.subInPlace(this, other);
    return this;
  }
  mulInPlace(other: Operand): this {
    op.mulInPlace(this, other);
    return this;
  }
  divInPlace(other: Operand): this {
    op.divInPlace(this, other);
    return this;
  }
  pow(exponent: number): Tensor {
    return op.pow(this, exponent);
  }
  neg(): Tensor {
    return op.neg(this);
  }
  abs(): Tensor {
    return op.abs(this);
  }
  exp(): Tensor {
    return op.exp(this);
  }
  log(): Tensor {
    return op.log(this);
  }
  log2(): Tensor {
    return op.log2(this);
  }
  sqrt(): Tensor {
    return op.sqrt(this);
  }
  clampMin(least: number): Tensor {
    return op.clampMin(this, least);
  }
  clamp(least: number, most: number): Tensor {
    return op.clamp(this, least, most);
  }
  zeroInPlace(): this {
    op.zero(this);
    return this;
  }
  fillInPlace(value: number): this {
    op.fill(this, value);
    return this;
  }
  /** Fills with normally distributed numbers from libtorch's generator. */
  normalInPlace(mean = 0, deviation = 1): this {
    op.normal(this, mean, deviation);
    return this;
  }
  uniformInPlace(from = 0, to = 1): this {
    op.uniform(this, from, to);
    return this;
  }

  // Activations.

  relu(): Tensor {
    return op.relu(this);
  }
  reluInPlace(): this {
    op.reluInPlace(this);
    return this;
  }
  leakyRelu(slope = 0.01): Tensor {
    return op.leakyRelu(this, slope);
  }
  sigmoid(): Tensor {
    return op.sigmoid(this);
  }
  /** log(1 + exp(x)). */
  softplus(): Tensor {
    return op.softplus(this);
  }
  tanh(): Tensor {
    return op.tanh(this);
  }
  softmax(dim: number): Tensor {
    return op.softmax(this, dim);
  }
  logSoftmax(dim: number): Tensor {
    return op.logSoftmax(this, dim);
  }

  // Comparisons, with boolean results.

  eq(other: Operand): Tensor {
    return op.eq(this, other);
  }
  ne(other: Operand): Tensor {
    return op.ne(this, other);
  }
  lt(other: Operand): Tensor {
    return op.lt(this, other);
  }
  gt(other: Operand): Tensor {
    return op.gt(this, other);
  }
  ge(other: Operand): Tensor {
    return op.ge(this, other);
  }
  not(): Tensor {
    return op.logicalNot(this);
  }
  and(other: Tensor): Tensor {
    return op.logicalAnd(this, other);
  }
  isFinite(): Tensor {
    return op.isfinite(this);
  }

  // Reductions: over all elements, or over `dims`.

  sum(dims?: Dims, keepDim = false): Tensor {
    return dims === undefined ? op.sum(this) : op.sumDims(this, list(dims), keepDim);
  }
  mean(dims?: Dims, keepDim = false): Tensor {
    return dims === undefined ? op.mean(this) : op.meanDims(this, list(dims), keepDim);
  }
  /** Variance; `correction` 1 is the unbiased estimate, 0 the population variance. */
  variance(dims: Dims, correction = 1, keepDim = false): Tensor {
    return op.varDims(this, list(dims), correction, keepDim);
  }
  /** Euclidean norm. */
  norm(dims?: Dims, keepDim = false): Tensor {
    return op.norm(this, 2, dims === undefined ? null : list(dims), keepDim);
  }
  max(): Tensor {
    return op.max(this);
  }
  min(): Tensor {
    return op.min(this);
  }
  amax(dims: Dims, keepDim = false): Tensor {
    return op.amax(this, list(dims), keepDim);
  }
  argmax(dim: number, keepDim = false): Tensor {
    return op.argmax(this, dim, keepDim);
  }
  argmin(dim: number, keepDim = false): Tensor {
    return op.argmin(this, dim, keepDim);
  }
  /** Counts of 0 .. length - 1 in this 1-d integer tensor. */
  bincount(length: number): Tensor {
    if (!isGpu(this.device)) return op.bincount(this, null, length);
    return op.oneHot(this, length).sum(0); // bincount would wait for a GPU
  }

  // Products and shapes. Views share memory.

  matmul(other: Tensor): Tensor {
    return op.matmul(this, other);
  }
  reshape(...shape: number[]): Tensor {
    return op.reshape(this, shape);
  }
  permute(...dims: number[]): Tensor {
    return op.permute(this, dims);
  }
  transpose(a: number, b: number): Tensor {
    return op.transpose(this, a, b);
  }
  unsqueeze(dim: number): Tensor {
    return op.unsqueeze(this, dim);
  }
  squeeze(dim: number): Tensor {
    return op.squeeze(this, dim);
  }
  expand(...shape: number[]): Tensor {
    return op.expand(this, shape);
  }
  /** The sub-tensor at `index` along `dim`, without that dimension. */
  select(dim: number, index: number): Tensor {
    return op.select(this, dim, index);
  }
  slice(dim: number, start: number, end?: number, step = 1): Tensor {
    return op.slice(this, dim, start, end, step);
  }
  indexSelect(dim: number, index: Tensor): Tensor {
    return op.indexSelect(this, dim, index);
  }
  gather(dim: number, index: Tensor): Tensor {
    return op.gather(this, dim, index);
  }
  maskedFill(mask: Tensor, value: number): Tensor {
    return op.maskedFill(this, mask, value);
  }
  flip(...dims: number[]): Tensor {
    return op.flip(this, dims);
  }
  chunk(parts: number, dim = 0): Tensor[] {
    return op.chunk(this, parts, dim);
  }
}

/** Operators as functions of tensors. */
export const calls = callsFor((handle) => new Tensor(handle));
const op = tensorOperators(calls);
