import { chmodSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test, vi } from "vitest";
import { addonFresh, buildAddon } from "../../setup/addon.js";
import { inTemporaryFolder } from "../datasets/fixtures.js";
import { fakeLibtorch, host, write } from "./fake-libtorch.js";

const modules = fileURLToPath(new URL("../../node_modules", import.meta.url));

test.each([
  ["nothing fails", "nothing", { gloo: true, nccl: true, gpu: true }, []],
  [
    "NCCL does not compile",
    "-DCFCONTRA_NCCL",
    { gloo: true, nccl: false, gpu: true },
    ["nccl.log"],
  ],
  [
    "CUDA's headers do not compile",
    "-DCFCONTRA_CUDA",
    { gloo: true, nccl: false, gpu: false },
    ["nccl.log", "gpu-memory.log"],
  ],
  [
    "c10d does not compile",
    "-DCFCONTRA_C10D",
    { gloo: false, nccl: false, gpu: false },
    ["process-groups.log"],
  ],
])("if %s, the addon is built without it, and stays up to date", async (_, fails, built, logs) => {
  await inTemporaryFolder(async (root) => {
    symlinkSync(modules, join(root, "node_modules"));
    write(join(root, "package.json"), "{}");
    mkdirSync(join(root, "binding"));
    const libtorch = fakeLibtorch(join(root, "lib", "torch"), {
      cuda: true,
      cpu: "_ZN5c10d16ProcessGroupGloo23createDeviceForHostname",
    });
    write(join(root, "lib", "nvidia", "nccl", "include", "nccl.h"));
    write(join(root, "cuda", "include", "cuda_runtime_api.h"));
    const compiler = join(root, "c++");
    // Writes its arguments, unless one of them is the failing one.
    const script = `for last; do :; done\nif echo "$*" | grep -qe ${fails}; then exit 1; fi\necho "$*" > "$last"\n`;
    writeFileSync(compiler, `#!/bin/sh\n${script}`);
    chmodSync(compiler, 0o755);
    const env = {
      ...{ LIBTORCH: libtorch, CXX: compiler, CUDA_HOME: join(root, "cuda") },
      PATH: process.env.PATH,
    };
    const machine = host(root, { env });
    const said = vi.spyOn(process.stderr, "write").mockReturnValue(true);
    try {
      buildAddon(root, env, machine);
    } finally {
      said.mockRestore();
    }
    const command = readFileSync(join(root, "build", "torch.node"), "utf8");
    expect({
      gloo: command.includes("-DCFCONTRA_C10D"),
      nccl: command.includes("-DCFCONTRA_NCCL"),
      gpu: command.includes("-DCFCONTRA_CUDA"),
    }).toEqual(built);
    for (const log of logs) readFileSync(join(root, "build", log));
    expect(addonFresh(root, env, machine)).toBe(true);
    expect(addonFresh(root, { ...env, CUDA_HOME: "/elsewhere" }, machine)).toBe(false);
    write(join(root, "binding", "call.h"), "// a file that torch.cc includes");
    expect(addonFresh(root, env, machine)).toBe(false);
  });
});
