import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const PYTHON = "/usr/bin/python3";
const script = fileURLToPath(new URL("oracle.py", import.meta.url));

/** Whether there is a PyTorch to ask. */
export const hasPyTorch = spawnSync(PYTHON, ["-c", "import torch"]).status === 0;

/** What PyTorch makes of each case: oracle.py. */
export function pytorch<T>(what: string, cases: readonly object[]): T[] {
  const input = JSON.stringify({ what, cases });
  const { stdout, stderr, status } = spawnSync(PYTHON, [script], { input, encoding: "utf8" });
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as T[];
}
