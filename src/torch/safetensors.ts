import { UserError } from "../errors.js";
import { type Dtype, scalarType } from "./dtype.js";
import { readFully, withFile, writeComplete } from "./files.js";
import { native } from "./native.js";
import { scope } from "./scope.js";
import { Tensor } from "./tensor.js";

/** Tensors by name, in the order of their creation or file. */
export type TensorMap = Map<string, Tensor>;
type TensorSource = ReadonlyMap<string, Tensor>;

// https://github.com/huggingface/safetensors: u64 header length, JSON header, tensors' bytes.
const FORMAT: Record<string, { dtype: Dtype; bytes: number }> = {
  BOOL: { dtype: "bool", bytes: 1 },
  U8: { dtype: "uint8", bytes: 1 },
  I8: { dtype: "int8", bytes: 1 },
  I16: { dtype: "int16", bytes: 2 },
  I32: { dtype: "int32", bytes: 4 },
  I64: { dtype: "int64", bytes: 8 },
  F16: { dtype: "float16", bytes: 2 },
  BF16: { dtype: "bfloat16", bytes: 2 },
  F32: { dtype: "float32", bytes: 4 },
  F64: { dtype: "float64", bytes: 8 },
};
const CODE = new Map(Object.entries(FORMAT).map(([code, { dtype }]) => [dtype, code]));
const LONGEST_HEADER = 100 * 2 ** 20;

interface Entry {
  dtype: string;
  shape: number[];
  data_offsets: [number, number];
}

function isEntry(value: unknown): value is Entry {
  const entry = value as Entry;
  const whole = (list: unknown): list is number[] =>
    Array.isArray(list) && list.every((n) => Number.isSafeInteger(n) && n >= 0);
  return (
    typeof entry === "object" &&
    entry !== null &&
    entry.dtype in FORMAT &&
    whole(entry.shape) &&
    whole(entry.data_offsets) &&
    entry.data_offsets.length === 2
  );
}

/**
 * Reads every tensor of a safetensors file, and its metadata.
 * @throws UserError naming the file if it is missing, truncated or not of this format.
 */
export function readSafetensors(path: string): {
  tensors: TensorMap;
  metadata: Record<string, string>;
} {
  const wrong = (what: string) =>
    new UserError(`${path} is no readable safetensors file: ${what}; use another copy of it`);
  return withFile(path, (file, size) =>
    scope(() => {
      const prefix = Buffer.alloc(8);
      if (!readFully(file, prefix, 0)) throw wrong(`it has only ${size} bytes`);
      const length = Number(prefix.readBigUInt64LE());
      if (length > LONGEST_HEADER || 8 + length > size) {
        throw wrong(`its header claims ${length} of ${size} bytes`);
      }
      const text = Buffer.alloc(length);
      if (!readFully(file, text, 8)) throw wrong("it ends within its header");
      let header: Record<string, unknown>;
      try {
        header = JSON.parse(text.toString("utf8")) as Record<string, unknown>;
      } catch {
        throw wrong("its header is not JSON");
      }
      if (typeof header !== "object" || header === null) throw wrong("its header is no table");
      const { __metadata__: metadata = {}, ...entries } = header;
      const tensors: TensorMap = new Map();
      let claimed = 8 + length;
      for (const [name, entry] of Object.entries(entries)) {
        if (!isEntry(entry)) throw wrong(`the entry "${name}" is malformed`);
        const { dtype, bytes } = FORMAT[entry.dtype] as { dtype: Dtype; bytes: number };
        const [start, end] = entry.data_offsets;
        const needed = entry.shape.reduce((product, n) => product * n, bytes);
        if (end - start !== needed)
          throw wrong(`"${name}" has ${end - start} bytes, not ${needed}`);
        if (8 + length + end > size) throw wrong(`it ends within "${name}" (truncated?)`);
        claimed += needed;
        if (claimed > size) throw wrong("its tensors overlap");
        const data = new Uint8Array(needed);
        if (!readFully(file, data, 8 + length + start)) throw wrong(`it ends within "${name}"`);
        tensors.set(name, new Tensor(native.lend(data, entry.shape, scalarType(dtype))));
      }
      return { tensors, metadata: metadata as Record<string, string> };
    }),
  );
}

/**
 * Writes tensors (from any device, of any layout) and string metadata. The file appears under its
 * name only when it is complete and on the disk.
 */
export function writeSafetensors(
  path: string,
  tensors: TensorSource,
  metadata: Readonly<Record<string, string>> = {},
): void {
  const header = new Map<string, unknown>([["__metadata__", metadata]]);
  let offset = 0;
  for (const [name, tensor] of tensors) {
    const code = CODE.get(tensor.dtype) as string;
    const bytes = tensor.count * (FORMAT[code] as { bytes: number }).bytes;
    if (header.has(name)) throw new UserError(`${path}: no tensor may be called ${name}`);
    header.set(name, { dtype: code, shape: tensor.shape, data_offsets: [offset, offset + bytes] });
    offset += bytes;
  }
  const text = Buffer.from(JSON.stringify(Object.fromEntries(header)));
  const padding = (8 - (text.length % 8)) % 8; // tensors start at a multiple of eight bytes
  const prefix = Buffer.alloc(8);
  prefix.writeBigUInt64LE(BigInt(text.length + padding));
  writeComplete(path, contents(prefix, text, Buffer.alloc(padding, 32), tensors));
}

/** One tensor's bytes at a time: they need not all be on the CPU at once. */
function* contents(prefix: Buffer, text: Buffer, padding: Buffer, tensors: TensorSource) {
  yield* [prefix, text, padding];
  for (const tensor of tensors.values()) yield tensor.bytes();
}
