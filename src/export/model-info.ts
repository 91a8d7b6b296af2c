// The metadata of an exported model. Imports types only: this also runs in browsers.

import type { Color, Size } from "../datasets/dataset.js";
import type { InputFormat } from "../datasets/input-format.js";

/** What a program needs to use an exported network; stored in the metadata of the ONNX file. */
export interface ModelInfo {
  readonly classes: readonly { readonly name: string; readonly color: Color }[];
  /** How RGB bytes become the network's input. */
  readonly input: InputFormat;
  /** The size of the evaluation; the network also accepts others. */
  readonly size: Size;
  /** A title to display, e.g. "cfcontra, step 2000". */
  readonly title: string;
}

const KEY = "cfcontra";

/** The entries of the metadata: `cfcontra` for `modelInfo`, the rest for other programs. */
export function metadataOf(info: ModelInfo): Record<string, string> {
  const { order, mean, scale } = info.input;
  return {
    classes: info.classes.map(({ name }) => name).join(","),
    preprocessing: `${order.toUpperCase()}, 0..255, minus ${mean.join(", ")}, times ${scale}; NCHW`,
    [KEY]: JSON.stringify(info),
  };
}

/**
 * The `ModelInfo` in the bytes of an ONNX file; undefined if it has none.
 * @throws Error if the bytes are not a protobuf message, or the entry is malformed
 */
export function modelInfo(bytes: Uint8Array): ModelInfo | undefined {
  for (const { field, body } of fields(bytes)) {
    if (field !== METADATA) continue;
    const [key, value] = [...fields(body)].map((entry) => new TextDecoder().decode(entry.body));
    if (key === KEY && value !== undefined) return checkedInfo(value);
  }
  return undefined;
}

function checkedInfo(text: string): ModelInfo {
  let info: unknown;
  try {
    info = JSON.parse(text);
  } catch {
    // Reported below.
  }
  if (isModelInfo(info)) return info;
  throw new Error("its metadata are damaged: export the model again");
}

type Unknown<T> = { readonly [Key in keyof T]?: unknown };
const isObject = <T>(value: unknown): value is Unknown<T> =>
  typeof value === "object" && value !== null;
const isNumber = (value: unknown) => Number.isFinite(value);
const isTriple = (value: unknown) =>
  Array.isArray(value) && value.length === 3 && value.every(isNumber);
const isSide = (value: unknown) => Number.isSafeInteger(value) && (value as number) > 0;

function isModelInfo(info: unknown): info is ModelInfo {
  if (!isObject<ModelInfo>(info) || typeof info.title !== "string") return false;
  const { classes, input, size } = info;
  return (
    Array.isArray(classes) &&
    classes.every(
      (entry) =>
        isObject<ModelInfo["classes"][0]>(entry) &&
        typeof entry.name === "string" &&
        isTriple(entry.color),
    ) &&
    isObject<InputFormat>(input) &&
    (input.order === "rgb" || input.order === "bgr") &&
    isTriple(input.mean) &&
    isNumber(input.scale) &&
    isObject<Size>(size) &&
    isSide(size.width) &&
    isSide(size.height)
  );
}

/** The field `metadata_props` of ModelProto; its entries have key 1 and value 2. */
const METADATA = 14;

/** The length-delimited fields of a protobuf message; skips the others. */
function* fields(bytes: Uint8Array): Generator<{ field: number; body: Uint8Array }> {
  let at = 0;
  const varint = () => {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = bytes[at++];
      if (byte === undefined) throw new Error("the file is truncated");
      value += (byte & 127) * factor;
      if (byte < 128) return value;
    }
  };
  while (at < bytes.length) {
    const tag = varint();
    const field = Math.floor(tag / 8);
    if (tag % 8 === 0) varint();
    else if (tag % 8 === 1) at += 8;
    else if (tag % 8 === 5) at += 4;
    else if (tag % 8 === 2 && field > 0) {
      const length = varint();
      if (at + length > bytes.length) throw new Error("the file is truncated");
      yield { field, body: bytes.subarray(at, at + length) };
      at += length;
    } else throw new Error("the file is not an ONNX model");
  }
}
