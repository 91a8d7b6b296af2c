import { readFully, withFile } from "./file-access.js";
import { isZip, readPyTorch } from "./pytorch.js";
import { writePyTorch } from "./pytorch-write.js";
import { readSafetensors, type TensorMap, writeSafetensors } from "./safetensors.js";
import type { Tensor } from "./tensor.js";

/** The contents of a file of tensors. */
export interface TensorFile {
  readonly tensors: TensorMap;
  /** The string metadata of a safetensors file. */
  readonly metadata: Readonly<Record<string, string>>;
  /** The file's format, e.g. "safetensors". */
  readonly format: string;
  /** Sections that were left out: the state of optimisers. */
  readonly skipped: readonly string[];
}

/** File name extensions of PyTorch's files. */
export const PYTORCH_FILE = /\.(pth|pt|pth\.tar)$/;

/**
 * Reads a file of tensors, safetensors or PyTorch's. Its content decides, not its name, and nothing in it is
 * executed. The caller disposes the tensors.
 * @throws UserError if the file is missing, damaged, or in another format
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

/** Writes tensors in PyTorch's format if the name ends in .pth or .pt, otherwise as safetensors. */
export function writeTensors(path: string, tensors: ReadonlyMap<string, Tensor>): void {
  if (PYTORCH_FILE.test(path)) writePyTorch(path, tensors);
  else writeSafetensors(path, tensors);
}
