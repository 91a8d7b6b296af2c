import type { Dtype } from "./dtype.js";
import { type Budget, Named, unpickle } from "./pickle.js";

/** Creates an error from the description of a problem. */
export type Wrong = (what: string) => Error;

/** A contiguous sequence of elements in a file. */
export interface Storage {
  /** The name of its bytes. */
  readonly key: string;
  readonly dtype: Dtype;
  /** Elements. */
  readonly count: number;
}

/** The part of a storage that a tensor is a view of; the whole storage except in very old files. */
interface Part {
  readonly storage: Storage;
  readonly start: number;
  readonly count: number;
}

/** A tensor as a view of a storage, which contains all of its elements. */
export interface StridedView {
  readonly storage: Storage;
  readonly offset: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
  /** Number of elements, including repeated ones. */
  readonly count: number;
}

const MOST_DIMENSIONS = 64;

/** The description of a tensor in a pickle. */
export class PickledTensor {
  private readonly args: readonly unknown[];

  constructor(args: readonly unknown[]) {
    this.args = args;
  }

  /** The view that it describes. Throws if the view exceeds its storage. */
  view(wrong: Wrong): StridedView {
    const [part, offset, shape, strides] = this.args;
    if (!isPart(part) || !isCount(offset) || !areCounts(shape)) throw wrong("is malformed");
    if (!areCounts(strides)) throw wrong("has strides that are negative or not numbers");
    if (shape.length !== strides.length || shape.length > MOST_DIMENSIONS) {
      throw wrong(`has ${shape.length} sizes and ${strides.length} strides`);
    }
    const count = shape.reduce((product, size) => product * size, 1);
    const last = shape.reduce((at, size, i) => at + (size - 1) * (strides[i] as number), offset);
    // For extremely large sizes both are inexact, but never small.
    if (count > 0 && last >= part.count) {
      throw wrong(`reaches element ${last} of a storage of ${part.count}`);
    }
    const start = count > 0 ? part.start + offset : 0;
    return { storage: part.storage, offset: start, shape, strides, count };
  }
}

const isCount = (value: unknown): value is number =>
  Number.isSafeInteger(value) && (value as number) >= 0;
const areCounts = (values: unknown): values is number[] =>
  Array.isArray(values) && values.every(isCount);
const isPart = (value: unknown): value is Part =>
  typeof value === "object" && value !== null && "storage" in value;

/** PyTorch's storage classes of the supported element types. */
export const STORAGES: Readonly<Record<string, Dtype>> = {
  ByteStorage: "uint8",
  CharStorage: "int8",
  ShortStorage: "int16",
  IntStorage: "int32",
  LongStorage: "int64",
  HalfStorage: "float16",
  BFloat16Storage: "bfloat16",
  FloatStorage: "float32",
  DoubleStorage: "float64",
  BoolStorage: "bool",
};

// These may appear next to tensors, and have no effect.
const DTYPES = [
  ...["uint8", "int8", "int16", "int32", "int64", "bool"],
  ...["float16", "bfloat16", "float32", "float64"],
];

function entries([pairs]: readonly unknown[]): Map<unknown, unknown> {
  return new Map(Array.isArray(pairs) ? (pairs.filter(Array.isArray) as [unknown, unknown][]) : []);
}

/** All names that a pickle of tensors needs. */
const NAMES: ReadonlyMap<string, Named> = new Map(
  [
    new Named("collections.OrderedDict", entries),
    new Named("collections.Counter", ([counts]) => counts),
    new Named("torch._utils._rebuild_tensor", (args) => new PickledTensor(args)),
    new Named("torch._utils._rebuild_tensor_v2", (args) => new PickledTensor(args)),
    new Named("torch._utils._rebuild_parameter", ([tensor]) => tensor),
    new Named("torch._utils._rebuild_parameter_with_state", ([tensor]) => tensor),
    new Named("torch.Size", ([sizes]) => sizes),
    new Named("torch.device", ([device]) => device),
    new Named("torch.serialization._get_layout", ([layout]) => layout),
    ...DTYPES.map((dtype) => new Named(`torch.${dtype}`)),
    ...Object.keys(STORAGES).flatMap((name) => [
      new Named(`torch.${name}`),
      new Named(`torch.cuda.${name}`),
    ]),
  ].map((named) => [named.name, named]),
);

/** Reads a pickle of PyTorch that may refer to storages. */
export function unpickleTensors(
  bytes: Uint8Array,
  start: number,
  budget: Budget,
  wrong: Wrong,
): { value: unknown; end: number; storages: ReadonlyMap<string, Storage> } {
  const storages = new Map<string, Storage>();

  /** ("storage", class, key, device, elements), in old files with (key, offset, size) of a part. */
  function persistent(id: unknown): Part {
    const [kind, type, key, , count, part] = Array.isArray(id) ? id : [];
    const dtype = type instanceof Named && STORAGES[type.name.replace(/^.*\./, "")];
    if (kind !== "storage" || !dtype || typeof key !== "string" || !isCount(count)) {
      throw wrong("it refers to something that is not a storage of numbers");
    }
    const storage = storages.get(key) ?? { key, dtype, count };
    if (storage.dtype !== dtype || storage.count !== count) {
      throw wrong(`its storage ${key} has two types or sizes`);
    }
    storages.set(key, storage);
    const [, start, length] = Array.isArray(part) ? part : [key, 0, count];
    if (!isCount(start) || !isCount(length) || start + length > count) {
      throw wrong(`it refers to elements beyond the end of its storage ${key}`);
    }
    return { storage, start, count: length };
  }
  return { ...unpickle(bytes, start, { names: NAMES, persistent, budget, wrong }), storages };
}
