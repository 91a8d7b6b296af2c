import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { PYTHON, pythonHas } from "../python.js";
import { skipUnless } from "../skip.js";

const script = fileURLToPath(new URL("oracle.py", import.meta.url));

/** Options of a test that compares with PyTorch. */
export const needsPyTorch = skipUnless(pythonHas("torch"), "pytorch");

/** The results of PyTorch for each case: oracle.py. */
export function pytorch<T>(what: string, cases: readonly object[]): T[] {
  const input = JSON.stringify({ what, cases });
  const { stdout, stderr, status } = spawnSync(PYTHON, [script], { input, encoding: "utf8" });
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as T[];
}
