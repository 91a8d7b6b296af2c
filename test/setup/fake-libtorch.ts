import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type Host, inspectLibtorch, type Libtorch } from "../../setup/libtorch.js";

/** Writes a file, and creates its folder. */
export function write(path: string, text = ""): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

interface Fake {
  readonly version?: string;
  readonly lib?: string;
  readonly header?: string;
  readonly cuda?: boolean;
  readonly symbol?: string;
  /** The content of libtorch_cpu. */
  readonly cpu?: string;
}

/** The parts of a libtorch that the set-up reads: two headers and the names of three libraries. */
export function fakeLibtorch(
  folder: string,
  { version = "2.6.0", lib = "lib", header = "", cuda = false, symbol = "", cpu = "" }: Fake = {},
): string {
  const [major, minor, patch] = version.split(".");
  write(join(folder, "include/ATen/ATen.h"), header);
  write(
    join(folder, "include/torch/csrc/api/include/torch/version.h"),
    `#define TORCH_VERSION_MAJOR ${major}\n#define TORCH_VERSION_MINOR ${minor}\n#define TORCH_VERSION_PATCH ${patch}\n`,
  );
  write(join(folder, lib, "libtorch_cpu.so"), cpu);
  write(join(folder, lib, "libc10.so"), symbol);
  if (cuda) write(join(folder, lib, "libtorch_cuda.so"));
  return folder;
}

/** A Linux machine in `root`, on which nothing is installed. */
export function host(root: string, changes: Partial<Host> = {}): Host {
  return {
    env: {},
    platform: "linux",
    multiarch: "x86_64-linux-gnu",
    system: join(root, "usr"),
    pythonTorch: () => undefined,
    homebrews: () => [],
    ...changes,
  };
}

/** The properties of a valid libtorch. */
export function inspected(folder: string, machine: Host): Libtorch {
  const found = inspectLibtorch(folder, machine);
  if (found.problem !== undefined) throw new Error(found.problem);
  return found;
}
