import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { UserError } from "../errors.js";
import { missingPath } from "../missing-path.js";
import { synchronous } from "./synchronous.js";

const LARGEST_READ = 2 ** 30;

/**
 * Opens a file, calls `read` with it and its size, and closes it.
 * @throws UserError with the path if it cannot be opened, or is not a file
 */
export function withFile<T>(path: string, read: (file: number, size: number) => T): T {
  const cannot = (error: unknown) => {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT")
      return missingPath(path, "a file of tensors, such as .safetensors or .pth");
    return new UserError("not-readable", `cannot open ${path} (${code}); check the path`);
  };
  let file: number;
  try {
    file = openSync(path, "r");
  } catch (error) {
    throw cannot(error);
  }
  try {
    const stat = fstatSync(file);
    if (!stat.isFile()) throw cannot({ code: stat.isDirectory() ? "EISDIR" : "EINVAL" });
    return synchronous("withFile", () => read(file, stat.size));
  } finally {
    closeSync(file);
  }
}

/** Fills `bytes` from `position`. Returns false if the file ends before. */
export function readFully(file: number, bytes: Uint8Array, position: number): boolean {
  for (let done = 0; done < bytes.length; ) {
    const most = Math.min(bytes.length - done, LARGEST_READ);
    const count = readSync(file, bytes, done, most, position + done);
    if (count === 0) return false;
    done += count;
  }
  return true;
}
