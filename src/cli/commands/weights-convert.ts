import { realpathSync } from "node:fs";
import { UserError } from "../../errors.js";
import { dispose, PYTORCH_FILE, readTensors, writeTensors } from "../../torch/index.js";
import { isCheckpoint, networkOf } from "../../train/index.js";
import { type Json, print } from "../terminal/print.js";
import { weightsFile } from "../weights-file.js";

/** `cfcontra weights convert`: the tensors of one file, written in the format of another's name. */
export function convertWeights(
  path: string,
  out: string,
  { json }: { readonly json?: Json } = {},
): void {
  if (!PYTORCH_FILE.test(out) && !out.endsWith(".safetensors")) {
    throw new UserError(`${out}: expected a name that ends in .safetensors, .pth or .pt`);
  }
  const file = weightsFile(path);
  const { tensors, metadata, skipped } = readTensors(file);
  try {
    const own = isCheckpoint(metadata) ? networkOf(tensors) : tensors;
    if (same(file, out)) throw new UserError(`${out} is the file that is read; name another`);
    writeTensors(out, own);
    const left = [...skipped, ...(own === tensors ? [] : ["the method's state"])];
    print(
      `${own.size} tensors written to ${out}${left.length > 0 ? `; left out: ${left.join(", ")}` : ""}`,
      () => ({ file: out, tensors: own.size, leftOut: left }),
      json,
    );
  } finally {
    dispose(tensors);
  }
}

function same(a: string, b: string): boolean {
  try {
    return realpathSync(a) === realpathSync(b);
  } catch {
    return false; // `b` is not there yet
  }
}
