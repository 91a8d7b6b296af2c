/** The supported element types, with libtorch's scalar type numbers. */
const CODES = {
  uint8: 0,
  int8: 1,
  int16: 2,
  int32: 3,
  int64: 4,
  float16: 5,
  float32: 6,
  float64: 7,
  bool: 11,
  bfloat16: 15,
} as const;

/** Element types: float32, bfloat16, float16, float64, int64, ..., bool. */
export type Dtype = keyof typeof CODES;

const NAMES = new Map<number, Dtype>(
  Object.entries(CODES).map(([name, code]) => [code, name as Dtype]),
);

/** libtorch's number for an element type. */
export function scalarType(dtype: Dtype): number {
  return CODES[dtype];
}

/** The element type of libtorch's number. Throws for types that are not supported. */
export function dtypeOf(code: number): Dtype {
  const name = NAMES.get(code);
  if (name === undefined) throw new Error(`libtorch scalar type ${code} is not supported`);
  return name;
}

/** The arrays for elements of tensors in JavaScript; bfloat16 and float16 are raw 16-bit words. */
export type TypedArray =
  | Uint8Array
  | Int8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | BigInt64Array
  | Float32Array
  | Float64Array;

/** A typed array over a buffer of this element type; 16-bit floats are raw 16-bit words. */
export function typedArray(dtype: Dtype, buffer: ArrayBuffer): TypedArray {
  switch (dtype) {
    case "uint8":
    case "bool":
      return new Uint8Array(buffer);
    case "int8":
      return new Int8Array(buffer);
    case "int16":
      return new Int16Array(buffer);
    case "float16":
    case "bfloat16":
      return new Uint16Array(buffer);
    case "int32":
      return new Int32Array(buffer);
    case "int64":
      return new BigInt64Array(buffer);
    case "float32":
      return new Float32Array(buffer);
    case "float64":
      return new Float64Array(buffer);
    default:
      return dtype satisfies never;
  }
}

/** Bytes of one element. */
export function elementSize(dtype: Dtype): number {
  return typedArray(dtype, new ArrayBuffer(0)).BYTES_PER_ELEMENT;
}

/** The element type that corresponds to a typed array. */
export function naturalDtype(array: TypedArray): Dtype {
  if (array instanceof Uint8Array) return "uint8";
  if (array instanceof Int8Array) return "int8";
  if (array instanceof Int16Array) return "int16";
  if (array instanceof Int32Array) return "int32";
  if (array instanceof BigInt64Array) return "int64";
  if (array instanceof Float32Array) return "float32";
  if (array instanceof Float64Array) return "float64";
  throw new Error("16-bit arrays need an explicit dtype: float16 or bfloat16");
}
