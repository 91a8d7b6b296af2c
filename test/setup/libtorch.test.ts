import { mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test, vi } from "vitest";
import { compileCommand, ensureLibtorch, inParts } from "../../setup/addon.js";
import {
  cudaIncludes,
  detectAbi,
  findLibtorch,
  type Host,
  hasGloo,
  inspectLibtorch,
  ncclIncludes,
  noLibtorchMessage,
} from "../../setup/libtorch.js";
import { SetupError } from "../../setup/say.js";
import { inTemporaryFolder } from "../datasets/fixtures.js";
import { fakeLibtorch, host, inspected, write } from "./fake-libtorch.js";

const quiet = () => vi.spyOn(process.stderr, "write").mockReturnValue(true);

describe("the search for libtorch", () => {
  /** A machine with all four, and a fifth with `VIRTUAL_ENV`. */
  function rich(root: string) {
    fakeLibtorch(join(root, "usr"), { version: "1.13.1", lib: "lib/x86_64-linux-gnu" });
    const venv = fakeLibtorch(join(root, "venv-torch"), { version: "2.2.0" });
    const pip = fakeLibtorch(join(root, "pip-torch"), { version: "2.3.0" });
    const brew = fakeLibtorch(join(root, "brew"), { version: "2.4.0" });
    const own = fakeLibtorch(join(root, "own"), { version: "2.5.0" });
    const pythonTorch = (python: string) => (python === "python3" ? pip : venv);
    return { own, pip, brew, all: host(root, { pythonTorch, homebrews: () => [brew] }) };
  }
  const found = (given: Host) => {
    const { source, version } = findLibtorch(given) ?? {};
    return `${source} ${version}`;
  };

  test("is in the order LIBTORCH, virtual environment, python3, Homebrew, system", async () => {
    await inTemporaryFolder(async (root) => {
      const { own, all, brew } = rich(root);
      const env = { VIRTUAL_ENV: "/venv" };
      expect(found({ ...all, env: { ...env, LIBTORCH: own } })).toBe("LIBTORCH 2.5.0");
      expect(found({ ...all, env })).toBe("pip 2.2.0");
      expect(found(all)).toBe("pip 2.3.0");
      const pythonTorch = () => undefined;
      expect(found({ ...all, pythonTorch })).toBe("Homebrew 2.4.0");
      const homebrews = () => [join(brew, "gone")];
      expect(found({ ...all, pythonTorch, homebrews })).toBe("system 1.13.1");
      expect(findLibtorch(host(join(root, "nowhere")))).toBeUndefined();
    });
  });

  test("stops at an invalid LIBTORCH", async () => {
    await inTemporaryFolder(async (root) => {
      const { all } = rich(root);
      const search = () => findLibtorch({ ...all, env: { LIBTORCH: join(root, "typo") } });
      expect(search).toThrow(SetupError);
      expect(search).toThrow(/^LIBTORCH=\S*typo .*include\/ATen\/ATen\.h; .*unset/);
    });
  });

  test("reports Debian's python3-torch, which links to the system's package, as the system's", async () => {
    await inTemporaryFolder(async (root) => {
      const system = fakeLibtorch(join(root, "usr"), { version: "1.13.1" });
      const linked = join(root, "dist-packages/torch");
      mkdirSync(join(linked, "include"), { recursive: true });
      symlinkSync(join(system, "include/ATen"), join(linked, "include/ATen"));
      expect(found(host(root, { pythonTorch: () => linked }))).toBe("system 1.13.1");
    });
  });

  test("skips one that is too old, with a message", async () => {
    await inTemporaryFolder(async (root) => {
      const { all } = rich(root);
      const old = fakeLibtorch(join(root, "old"), { version: "1.12.1" });
      const said = quiet();
      try {
        const pythonTorch = () => old;
        expect(found({ ...all, pythonTorch })).toBe("Homebrew 2.4.0");
        expect(said.mock.calls.join()).toMatch(/old: .*libtorch 1\.12\.1.* 1\.13/);
      } finally {
        said.mockRestore();
      }
    });
  });
});

describe("a folder", () => {
  test.each([
    ["headers only", "lib/libtorch_cpu.so", /headers.*lib\/libtorch_cpu\.so/],
    ["libraries only", "include/ATen/ATen.h", /include\/ATen\/ATen\.h/],
    ["no version", "include/torch/csrc/api/include/torch/version.h", /torch\/version\.h/],
  ])("with %s is not a libtorch", async (_, missing, problem) => {
    await inTemporaryFolder(async (root) => {
      const folder = fakeLibtorch(join(root, "t"));
      rmSync(join(folder, missing));
      expect(inspectLibtorch(folder, host(root)).problem).toMatch(problem);
    });
  });

  test("has the properties that a build needs", async () => {
    await inTemporaryFolder(async (root) => {
      const symbol = "_ZN3c105ErrorC1ENS_14SourceLocationENSt7__cxx1112basic_stringIcE";
      const header = "#if defined(__cplusplus) && __cplusplus < 202002L\n#error C++20\n#endif";
      const folder = fakeLibtorch(join(root, "t"), { symbol, header, cuda: true, lib: "lib64" });
      const libtorch = inspected(folder, host(root));
      expect(libtorch).toMatchObject({
        ...{ version: "2.6.0", standard: "c++20", cxx11Abi: 1, cuda: true },
        lib: join(folder, "lib64"),
      });
      const headers = ["node_modules/node-api-headers/include"];
      const command = compileCommand({
        compiler: "ccache g++",
        libtorch,
        headers,
        platform: "linux",
      });
      expect(command.slice(0, 3)).toEqual(["ccache", "g++", "-std=c++20"]);
      expect(command).toEqual(
        expect.arrayContaining([
          "-D_GLIBCXX_USE_CXX11_ABI=1",
          `-I${folder}/include`,
          `-Wl,-rpath,${folder}/lib64`,
          "-ltorch_cuda",
        ]),
      );
      expect(command.at(-1)).toBe("-o");
    });
  });

  test("process groups are compiled if the library contains Gloo, anywhere in it", async () => {
    await inTemporaryFolder(async (root) => {
      const lib = join(fakeLibtorch(join(root, "torch")), "lib");
      expect(hasGloo({ lib }, host(root))).toBe(false);
      // Across the boundary of two chunks.
      const symbol = Buffer.from("_ZN5c10d16ProcessGroupGloo23createDeviceForHostnameERK");
      const bytes = Buffer.concat([Buffer.alloc((16 << 20) - 20), symbol, Buffer.alloc(100)]);
      writeFileSync(join(lib, "libtorch_cpu.so"), bytes);
      expect(hasGloo({ lib }, host(root))).toBe(true);
      const build = { compiler: "c++", headers: [], platform: "linux" };
      const libtorch = inspected(join(root, "torch"), host(root));
      const command = (gloo: boolean) =>
        compileCommand({ ...build, libtorch: { ...libtorch, gloo } });
      expect(command(true)).toContain("binding/process-group.cc");
      expect(command(false)).not.toContain("binding/process-group.cc");
    });
  });

  test("NCCL is compiled if its headers and CUDA's are next to pip's torch", async () => {
    await inTemporaryFolder(async (root) => {
      const path = join(root, "torch");
      const beside = (name: string) => join(root, "nvidia", name, "include");
      const here = { env: { CUDA_HOME: join(root, "cuda") } };
      const found = () =>
        ncclIncludes({ path, cuda: true }, here)?.filter((at) => at !== "/usr/local/cuda/include");
      expect(found()).toBeUndefined();
      write(join(beside("nccl"), "nccl.h"));
      write(join(root, "cuda", "include", "cuda_runtime_api.h"));
      expect(found()).toEqual([beside("nccl"), join(root, "cuda", "include")]);
      write(join(beside("cu13"), "cuda_runtime_api.h"));
      expect(found()).toEqual([beside("cu13"), beside("nccl"), join(root, "cuda", "include")]);
      expect(ncclIncludes({ path, cuda: false }, here)).toBeUndefined();
      const build = { compiler: "c++", headers: [], platform: "linux" };
      const libtorch = {
        ...{ path, version: "2.14.0", lib: path, includes: [], cuda: true },
        ...({ standard: "c++20", cxx11Abi: 1 } as const),
      };
      const nccl = [beside("nccl")];
      const command = compileCommand({ ...build, libtorch: { ...libtorch, gloo: true, nccl } });
      expect(command).toContain("-DCFCONTRA_NCCL");
      expect(command).toContain(`-I${beside("nccl")}`);
    });
  });

  test("CUDA's headers may be a toolkit's", async () => {
    await inTemporaryFolder(async (root) => {
      const path = join(root, "torch");
      const here = { env: { CUDA_HOME: join(root, "cuda") } };
      write(join(root, "cuda", "include", "cuda_runtime_api.h"));
      expect(cudaIncludes({ path, cuda: true }, here)).toContain(join(root, "cuda", "include"));
      expect(cudaIncludes({ path, cuda: false }, here)).toBeUndefined();
      expect(ncclIncludes({ path, cuda: true }, here)).toBeUndefined();
    });
  });

  test("detects the older std::string of pip's wheels", () => {
    const symbol = (text: string) => detectAbi(Buffer.from(`\0\u0001${text}\0`, "latin1"));
    expect(symbol("_ZN3c105ErrorC2ENS_14SourceLocationESs")).toBe(0);
    expect(symbol("_ZN3c105ErrorC2ENS_14SourceLocationENSt7__cxx1112basic_string")).toBe(1);
    expect(symbol("nothing")).toBe(null);
  });
});

describe("a machine without libtorch", () => {
  test("gets a message with every way to install it, without apt-get on macOS", () => {
    const linux = noLibtorchMessage("linux");
    for (const way of [
      "sudo apt-get install libtorch-dev",
      "pip install torch",
      "export LIBTORCH=",
    ]) {
      expect(linux).toContain(way);
    }
    expect(noLibtorchMessage("darwin")).not.toContain("apt-get");
    expect(noLibtorchMessage("darwin")).toMatch(/\n {2}brew install pytorch/);
  });

  test("gets the package if installing is allowed, otherwise the message", async () => {
    await inTemporaryFolder(async (root) => {
      expect(() => ensureLibtorch(host(root))).toThrow(SetupError);
      expect(() => ensureLibtorch(host(root))).toThrow(noLibtorchMessage("linux"));
      const asked: string[][] = [];
      const install = (packages: string[]) => {
        asked.push(packages);
        fakeLibtorch(join(root, "usr"), { version: "1.13.1" });
        return { ok: true, tail: "", log: "" };
      };
      expect(ensureLibtorch(host(root), install)).toMatchObject({ source: "system" });
      expect(asked[0]).toContain("libtorch-dev");
    });
  });

  test("gets the output of a failed apt-get, and the message", async () => {
    await inTemporaryFolder(async (root) => {
      const install = () => ({ ok: false, tail: "E: no network", log: "build/apt.log" });
      const make = () => ensureLibtorch(host(root), install);
      expect(make).toThrow(/pip install torch[\s\S]*apt-get .*build\/apt\.log.*\nE: no network/);
    });
  });
});

test("the addon's sources are compiled one by one, and linked in front of the libraries", () => {
  const command = ["ccache", "c++", "-O2", "binding/a.cc", "-DX", "binding/b.cc", "-lc10", "-o"];
  const { compilations, objects, link } = inParts(command);
  const flags = ["ccache", "c++", "-O2", "-DX", "-lc10"];
  expect(compilations).toEqual([
    [...flags, "-c", "binding/a.cc", "-o", objects[0]],
    [...flags, "-c", "binding/b.cc", "-o", objects[1]],
  ]);
  expect(link).toEqual(["ccache", "c++", "-O2", ...objects, "-DX", "-lc10", "-o"]);
});
