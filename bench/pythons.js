import { spawnSync } from "node:child_process";
import { join } from "node:path";

/**
 * The Pythons with PyTorch on this machine, one per installation of PyTorch: Debian's, that of the active
 * virtual environment, and the one on PATH.
 */
export function pythonsWithTorch(env = process.env) {
  const own = env.VIRTUAL_ENV ? [join(env.VIRTUAL_ENV, "bin", "python3")] : [];
  const found = new Map();
  for (const python of ["/usr/bin/python3", ...own, "python3"]) {
    const { status, stdout } = spawnSync(
      python,
      ["-c", "import torch; print(torch.__version__, torch.__file__)"],
      {
        env,
        encoding: "utf8",
      },
    );
    const torch = stdout?.trim();
    if (status === 0 && !found.has(torch)) found.set(torch, python);
  }
  return [...found.values()];
}
