import {
  closeSync,
  fstatSync,
  fsyncSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import { UserError } from "../errors.js";
import { type Dtype, scalarType } from "./dtype.js";
import { native } from "./native.js";
import { Tensor } from "./tensor.js";

export type TensorMap = Map<string, Tensor>;

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
  let file: number;
  try {
    file = openSync(path, "r");
  } catch (error) {
    throw new UserError(`cannot open ${path} (${(error as NodeJS.ErrnoException).code})`);
  }
  try {
    const { size } = fstatSync(file);
    const prefix = Buffer.alloc(8);
    if (readSync(file, prefix, 0, 8, 0) < 8) throw wrong(`it has only ${size} bytes`);
    const length = Number(prefix.readBigUInt64LE());
    if (length > LONGEST_HEADER || 8 + length > size) {
      throw wrong(`its header claims ${length} of ${size} bytes`);
    }
    const text = Buffer.alloc(length);
    readSync(file, text, 0, length, 8);
    let header: Record<string, unknown>;
    try {
      header = JSON.parse(text.toString("utf8")) as Record<string, unknown>;
    } catch {
      throw wrong("its header is not JSON");
    }
    if (typeof header !== "object" || header === null) throw wrong("its header is no table");
    const { __metadata__: metadata = {}, ...entries } = header;
    const tensors: TensorMap = new Map();
    for (const [name, entry] of Object.entries(entries)) {
      if (!isEntry(entry)) throw wrong(`the entry "${name}" is malformed`);
      const { dtype, bytes } = FORMAT[entry.dtype] as { dtype: Dtype; bytes: number };
      const [start, end] = entry.data_offsets;
      const needed = entry.shape.reduce((product, n) => product * n, bytes);
      if (end - start !== needed) throw wrong(`"${name}" has ${end - start} bytes, not ${needed}`);
      if (8 + length + end > size) throw wrong(`it ends within "${name}" (truncated?)`);
      const data = new Uint8Array(needed);
      for (let done = 0; done < needed; ) {
        const count = readSync(
          file,
          data,
          done,
          Math.min(needed - done, 2 ** 30),
          8 + length + start + done,
        );
        if (count === 0) throw wrong(`it ends within "${name}"`);
        done += count;
      }
      tensors.set(name, new Tensor(native.lend(data, entry.shape, scalarType(dtype))));
    }
    return { tensors, metadata: metadata as Record<string, string> };
  } finally {
    closeSync(file);
  }
}

/**
 * Writes tensors (from any device, of any layout) and string metadata. The file appears under its
 * name only when it is complete and on the disk.
 */
export function writeSafetensors(
  path: string,
  tensors: ReadonlyMap<string, Tensor>,
  metadata: Readonly<Record<string, string>> = {},
): void {
  const header: Record<string, unknown> = { __metadata__: metadata };
  let offset = 0;
  for (const [name, tensor] of tensors) {
    const code = CODE.get(tensor.dtype) as string;
    const bytes = tensor.count * (FORMAT[code] as { bytes: number }).bytes;
    header[name] = { dtype: code, shape: tensor.shape, data_offsets: [offset, offset + bytes] };
    offset += bytes;
  }
  const text = Buffer.from(JSON.stringify(header));
  const padding = (8 - (text.length % 8)) % 8; // tensors start at a multiple of eight bytes
  const prefix = Buffer.alloc(8);
  prefix.writeBigUInt64LE(BigInt(text.length + padding));
  const temporary = `${path}.${process.pid}.part`;
  const file = openSync(temporary, "w");
  try {
    try {
      for (const part of [prefix, text, Buffer.alloc(padding, 32)]) writeFully(file, part);
      for (const tensor of tensors.values()) {
        const array = tensor.typed();
        writeFully(file, new Uint8Array(array.buffer, array.byteOffset, array.byteLength));
      }
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

function writeFully(file: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length; ) done += writeSync(file, bytes, done);
}
