import { readFully, withFile } from "./file-access.js";
import { isZip, readPyTorch } from "./pytorch.js";
import { writePyTorch } from "./pytorch-write.js";
import { readSafetensors, type TensorMap, writeSafetensors } from "./safetensors.js";
import type { Tensor } from "./tensor.js";

/** What a file of tensors held. */
export interface TensorFile {
  readonly tensors: TensorMap;
  /** Strings that a safetensors file may have beside them. */
  readonly metadata: Readonly<Record<string, string>>;
  /** The file's kind, e.g. "safetensors". */
  readonly format: string;
  /** Sections that were left out: the state of optimisers. */
  readonly skipped: readonly string[];
}

/** Endings of the names of PyTorch's files. */
export const PYTORCH_FILE = /\.(pth|pt|pth\.tar)$/;

/**
 * Reads a file of tensors, safetensors or PyTorch's, whichever its content says it is; nothing in it
 * is executed. The caller disposes the tensors.
 * @throws UserError if it is missing, damaged, or neither
 */
export function readTensors(path: string): TensorFile {
  const start = new Uint8Array(9);
  withFile(path, (file) => readFully(file, start, 0));
  // safetensors begins with the length of a header, which begins with a brace.
  const braced = start[8] === "{".charCodeAt(0);
  if (braced || !(isZip(start) || start[0] === 0x80 || PYTORCH_FILE.test(path))) {
    return { ...readSafetensors(path), format: "safetensors", skipped: [] };
  }
  const { tensors, layout, skipped } = readPyTorch(path);
  const format = layout === "zip" ? "PyTorch" : "PyTorch, layout before 1.6";
  return { tensors, metadata: {}, format, skipped };
}

/** Writes tensors in PyTorch's format where the name ends in .pth or .pt, else as safetensors. */
export function writeTensors(path: string, tensors: ReadonlyMap<string, Tensor>): void {
  if (PYTORCH_FILE.test(path)) writePyTorch(path, tensors);
  else writeSafetensors(path, tensors);
}
