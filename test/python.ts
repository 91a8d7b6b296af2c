import { spawnSync } from "node:child_process";

/** The Python of the system, which Debian's packages are for. */
export const PYTHON = "/usr/bin/python3";

/** Whether that Python can import a module. */
export const pythonHas = (module: string): boolean =>
  spawnSync(PYTHON, ["-c", `import ${module}`]).status === 0;
