import { createHash, type Hash } from "node:crypto";
import { UserError } from "../errors.js";
import { printable } from "../printable.js";
import { writeDurably } from "../write-atomically.js";
import { empty } from "./creation.js";
import type { Dtype } from "./dtype.js";
import { readFully, withFile } from "./file-access.js";
import { scope } from "./scope.js";
import type { Tensor } from "./tensor.js";
import { openBytesReader } from "./tensor-bytes.js";

/** Tensors by name, in order of creation or as in a file. */
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
const LONGEST_HEADER = 2 ** 24; // bytes
/** Tables and lists in a header: three for each tensor. */
const MOST_TABLES = 3 * 2 ** 16;
const MOST_VALUES = 2 ** 20;
const MOST_DIMENSIONS = 64;
const DEEPEST = 3; // a list in an entry in the table

// The metadata that `writeSafetensors` adds: SHA-256 of the whole file, with zeros in place of the digest.
const DIGEST = "sha256";
const NO_DIGEST = "0".repeat(64);

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
    typeof entry.dtype === "string" &&
    Object.hasOwn(FORMAT, entry.dtype) &&
    whole(entry.shape) &&
    entry.shape.length <= MOST_DIMENSIONS &&
    whole(entry.data_offsets) &&
    entry.data_offsets.length === 2
  );
}

/** `JSON.parse` takes up to a hundred bytes for one of a header that is nested or split finely. */
function requirePlain(text: Uint8Array, wrong: (what: string) => UserError): void {
  let [depth, tables, values, quoted] = [0, 0, 0, false];
  for (let i = 0; i < text.length; i++) {
    const character = text[i] as number;
    if (quoted) {
      if (character === BACKSLASH) i++;
      else if (character === QUOTE) quoted = false;
    } else if (character === QUOTE) quoted = true;
    else if (character === COMMA) values++;
    else if (OPENING.has(character)) [depth, tables] = [depth + 1, tables + 1];
    else if (CLOSING.has(character)) depth--;
    if (depth > DEEPEST || tables > MOST_TABLES || values > MOST_VALUES) {
      throw wrong("its header is nested deeper, or has more entries, than any network's");
    }
  }
}

const [QUOTE, BACKSLASH, COMMA] = [...'"\\,'].map((each) => each.charCodeAt(0));
const OPENING = new Set(Buffer.from("{["));
const CLOSING = new Set(Buffer.from("}]"));

/** The header of a file: the table of its tensors, and metadata. */
interface Header {
  readonly entries: readonly (readonly [string, Entry])[];
  readonly metadata: Record<string, string>;
  /** The position of the tensors' bytes. */
  readonly begin: number;
  /** The hash of the bytes before `begin`, for `sha256`. */
  readonly hash: Hash;
}

function readHeader(file: number, size: number, wrong: (what: string) => UserError): Header {
  const prefix = Buffer.alloc(8);
  if (!readFully(file, prefix, 0)) throw wrong(`it has only ${size} bytes`);
  const length = Number(prefix.readBigUInt64LE());
  if (length > LONGEST_HEADER || 8 + length > size) {
    throw wrong(`its header claims ${length} of ${size} bytes`);
  }
  const text = Buffer.alloc(length);
  if (!readFully(file, text, 8)) throw wrong("it ends within its header");
  requirePlain(text, wrong);
  let table: unknown;
  try {
    table = JSON.parse(text.toString("utf8"));
  } catch {
    throw wrong("its header is not JSON");
  }
  if (!isTable(table)) throw wrong("its header is not a table");
  const { __metadata__: metadata = {}, ...entries } = table;
  if (!isTable(metadata) || !Object.values(metadata).every((value) => typeof value === "string")) {
    throw wrong("its metadata is not a table of strings");
  }
  const { [DIGEST]: digest } = metadata as Record<string, string>;
  if (digest !== undefined) {
    if (!/^[0-9a-f]{64}$/.test(digest)) throw wrong(`its checksum "${digest}" is none`);
    text.write(NO_DIGEST, text.indexOf(digest), "latin1");
  }
  return {
    entries: Object.entries(entries).map(([name, entry]) => {
      if (isEntry(entry)) return [name, entry];
      throw wrong(`the entry "${name}" is malformed`);
    }),
    metadata: metadata as Record<string, string>,
    begin: 8 + length,
    hash: createHash("sha256").update(prefix).update(text),
  };
}

const isTable = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/**
 * Reads all tensors of a safetensors file, and its metadata.
 * @throws UserError with the path if the file is missing, truncated, not in this format, or does not match
 *   the checksum that `writeSafetensors` adds
 */
export function readSafetensors(path: string): {
  tensors: TensorMap;
  metadata: Record<string, string>;
} {
  const wrong = (what: string) =>
    new UserError(
      "damaged-file",
      `${path} is not a readable safetensors file: ${printable(what, 200)}; use another copy`,
    );
  return withFile(path, (file, size) =>
    scope(() => {
      const { entries, metadata, begin, hash } = readHeader(file, size, wrong);
      const tensors: TensorMap = new Map();
      let claimed = begin;
      const inPlace = [...entries].sort(([, a], [, b]) => a.data_offsets[0] - b.data_offsets[0]);
      for (const [name, entry] of inPlace) {
        const { dtype, bytes } = FORMAT[entry.dtype] as { dtype: Dtype; bytes: number };
        const [start, end] = entry.data_offsets;
        const needed = entry.shape.reduce((product, n) => product * n, bytes);
        if (end - start !== needed)
          throw wrong(`"${name}" has ${end - start} bytes, not ${needed}`);
        if (begin + end > size) throw wrong(`it ends within "${name}" (truncated?)`);
        claimed += needed;
        if (claimed > size) throw wrong("its tensors overlap");
        let tensor: Tensor;
        try {
          tensor = empty(entry.shape, { dtype });
        } catch (error) {
          throw wrong(`"${name}" is [${entry.shape}] (${(error as Error).message})`);
        }
        const data = new Uint8Array(tensor.array.buffer);
        if (!readFully(file, data, begin + start)) throw wrong(`it ends within "${name}"`);
        if (DIGEST in metadata) hash.update(data);
        tensors.set(name, tensor);
      }
      const { [DIGEST]: digest } = metadata;
      if (digest !== undefined && (claimed < size || hash.digest("hex") !== digest)) {
        throw wrong("its bytes have changed since it was written (the checksum differs)");
      }
      return { tensors, metadata };
    }),
  );
}

/**
 * Writes tensors (on any device, in any layout) and string metadata, with a checksum that `readSafetensors`
 * verifies. The file appears under its name when it is complete and on the disk.
 */
export function writeSafetensors(
  path: string,
  tensors: TensorSource,
  metadata: Readonly<Record<string, string>> = {},
): void {
  const header = new Map<string, unknown>([["__metadata__", { [DIGEST]: NO_DIGEST, ...metadata }]]);
  let offset = 0;
  for (const [name, tensor] of tensors) {
    const code = CODE.get(tensor.dtype) as string;
    const bytes = tensor.count * (FORMAT[code] as { bytes: number }).bytes;
    if (header.has(name))
      throw new UserError("invalid-value", `${path}: ${name} is reserved; rename the tensor`);
    header.set(name, { dtype: code, shape: tensor.shape, data_offsets: [offset, offset + bytes] });
    offset += bytes;
  }
  const text = Buffer.from(JSON.stringify(Object.fromEntries(header)));
  const padding = (8 - (text.length % 8)) % 8; // tensors start at a multiple of eight bytes
  const prefix = Buffer.alloc(8);
  prefix.writeBigUInt64LE(BigInt(text.length + padding));
  const reader = openBytesReader();
  function* parts() {
    yield* [prefix, text, Buffer.alloc(padding, 32)];
    for (const tensor of tensors.values()) yield* reader.read(tensor);
  }
  try {
    const hash = createHash("sha256");
    for (const part of parts()) hash.update(part);
    text.write(hash.digest("hex"), text.indexOf(NO_DIGEST), "latin1");
    writeDurably(path, parts());
  } finally {
    reader.dispose();
  }
}
