import { spawnSync } from "node:child_process";
import {
  closeSync,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  realpathSync,
} from "node:fs";
import { join } from "node:path";
import { firstOnPath, SetupError, say } from "./say.js";

/**
 * @typedef {object} Host where a machine may keep libtorch
 * @property {NodeJS.ProcessEnv} env
 * @property {string} platform
 * @property {string | undefined} multiarch Debian's name of the processor
 * @property {string} system the folder of its packages
 * @property {(python: string) => string | undefined} pythonTorch the folder of a Python's torch
 * @property {() => string[]} homebrews
 */

/**
 * @typedef {object} Libtorch what building against it needs to know
 * @property {string} path
 * @property {string} version
 * @property {string} lib
 * @property {string[]} includes
 * @property {"c++17" | "c++20"} standard
 * @property {0 | 1 | null} cxx11Abi
 * @property {boolean} cuda
 */

const OLDEST = /** @type {const} */ ([1, 13]);
/** @type {Partial<Record<NodeJS.Architecture, string>>} */
const MULTIARCH = {
  arm: "arm-linux-gnueabihf",
  arm64: "aarch64-linux-gnu",
  ppc64: "powerpc64le-linux-gnu",
  riscv64: "riscv64-linux-gnu",
  s390x: "s390x-linux-gnu",
  x64: "x86_64-linux-gnu",
};

/**
 * The places of libtorch on this machine; tests use others.
 * @param {NodeJS.ProcessEnv} env
 * @returns {Host}
 */
export function thisHost(env) {
  return {
    env,
    platform: process.platform,
    multiarch: MULTIARCH[process.arch],
    system: "/usr",
    pythonTorch: (python) => askPython(python, env),
    homebrews: () => [
      ...askBrew(env),
      "/opt/homebrew/opt/pytorch",
      "/usr/local/opt/pytorch",
      "/home/linuxbrew/.linuxbrew/opt/pytorch",
    ],
  };
}

/**
 * The libtorch to build against: `LIBTORCH`, then pip's torch, Homebrew's and the system's package;
 * undefined if none is found. A `LIBTORCH` that is not a libtorch is an error.
 * @param {Host} host
 * @returns {(Libtorch & { source: string }) | undefined}
 */
export function findLibtorch(host) {
  const asked = host.env.LIBTORCH;
  if (asked) {
    const found = inspectLibtorch(asked, host);
    if (found.problem !== undefined) {
      throw new SetupError(
        `LIBTORCH=${asked} ${found.problem}; point it at a libtorch folder (with include/ and ` +
          "lib/), or unset it to search for one.",
      );
    }
    return { source: "LIBTORCH", ...found };
  }
  for (const [source, folder] of candidates(host)) {
    if (!existsSync(folder)) continue;
    const found = inspectLibtorch(folder, host);
    if (found.problem === undefined) return { source, ...found };
    if (found.tooOld) say(`skipping ${folder}: it ${found.problem}`);
  }
  return undefined;
}

/** @param {Host} host @returns {Generator<[source: string, folder: string]>} */
function* candidates(host) {
  const environment = host.env.VIRTUAL_ENV;
  for (const python of [...(environment ? [join(environment, "bin", "python3")] : []), "python3"]) {
    const folder = host.pythonTorch(python);
    // Debian's python3-torch links to the system's package, which comes last.
    if (folder && !linksTo(join(folder, "include", "ATen"), join(host.system, "include", "ATen"))) {
      yield ["pip", folder];
    }
  }
  for (const folder of host.homebrews()) yield ["Homebrew", folder];
  yield ["system", host.system];
}

/**
 * The properties of the libtorch in `folder` that a build needs (version, include and library folders,
 * C++ ABI, standard, CUDA), or `{ problem }`: a clause that follows the name of the folder.
 * @param {string} folder
 * @param {Pick<Host, "platform" | "multiarch" | "system">} host
 * @returns {(Libtorch & { problem?: undefined }) | { problem: string, tooOld?: boolean }}
 */
export function inspectLibtorch(folder, { platform, multiarch, system }) {
  const include = join(folder, "include");
  if (!existsSync(join(include, "ATen", "ATen.h"))) {
    return { problem: "does not contain include/ATen/ATen.h" };
  }
  const suffix = platform === "darwin" ? "dylib" : "so";
  const lib = ["lib", ...(multiarch ? [`lib/${multiarch}`] : []), "lib64"]
    .map((name) => join(folder, name))
    .find((name) => existsSync(join(name, `libtorch_cpu.${suffix}`)));
  if (!lib) return { problem: `contains headers, but not lib/libtorch_cpu.${suffix}` };
  const api = join(include, "torch", "csrc", "api", "include");
  const version = readVersion([
    join(include, "torch", "headeronly", "version.h"),
    join(api, "torch", "version.h"),
  ]);
  if (!version) return { problem: "does not state a version in torch/version.h" };
  const [major = 0, minor = 0] = version.split(".").map(Number);
  if (major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1])) {
    return {
      problem: `is libtorch ${version}, but ${OLDEST.join(".")} is the oldest that works`,
      tooOld: true,
    };
  }
  return {
    path: folder,
    version,
    lib,
    // Adding the compiler's own folder would change the order of its search.
    includes: folder === system ? [api] : [include, api],
    standard: needsCxx20(join(include, "ATen", "ATen.h")) ? "c++20" : "c++17",
    cxx11Abi: platform === "darwin" ? null : detectAbi(readFileSync(join(lib, "libc10.so"))),
    cuda: existsSync(join(lib, `libtorch_cuda.${suffix}`)),
  };
}

/**
 * Whether the library contains c10d with Gloo. The headers always exist, so this searches the library:
 * half a second per build.
 * @param {Pick<Libtorch, "lib">} libtorch
 * @param {Pick<Host, "platform">} host
 */
export function hasGloo({ lib }, { platform }) {
  const wanted = Buffer.from("ProcessGroupGloo23createDeviceForHostname");
  const file = openSync(join(lib, `libtorch_cpu.${platform === "darwin" ? "dylib" : "so"}`), "r");
  try {
    const chunk = Buffer.alloc(16 << 20);
    for (let at = 0; ; at += chunk.length - wanted.length) {
      const bytes = readSync(file, chunk, 0, chunk.length, at);
      if (chunk.subarray(0, bytes).includes(wanted)) return true;
      if (bytes < chunk.length) return false;
    }
  } finally {
    closeSync(file);
  }
}

/**
 * The include folders with CUDA's headers, or undefined: those of the packages next to pip's torch, with
 * which it was built, then those of a toolkit.
 * @param {Pick<Libtorch, "path" | "cuda">} libtorch
 * @param {Pick<Host, "env">} host
 */
export function cudaIncludes({ path, cuda }, { env }) {
  if (!cuda) return undefined;
  const beside = join(path, "..", "nvidia");
  const packages = existsSync(beside) ? readdirSync(beside).sort() : [];
  const toolkits = [...(env.CUDA_HOME ? [env.CUDA_HOME] : []), "/usr/local/cuda"];
  const folders = [...packages.map((name) => join(beside, name)), ...toolkits]
    .map((folder) => join(folder, "include"))
    .filter((folder) => existsSync(folder));
  const whole = folders.some((folder) => existsSync(join(folder, "cuda_runtime_api.h")));
  return whole ? folders : undefined;
}

/**
 * The include folders that c10d's NCCL needs, or undefined. Only pip's torch brings the headers of the
 * NCCL with which it was built, in the packages next to it; with those of another version, the sizes of
 * shared structures would differ.
 * @param {Pick<Libtorch, "path" | "cuda">} libtorch
 * @param {Pick<Host, "env">} host
 */
export function ncclIncludes(libtorch, host) {
  const nccl = join(libtorch.path, "..", "nvidia", "nccl", "include", "nccl.h");
  return existsSync(nccl) ? cudaIncludes(libtorch, host) : undefined;
}

/** @param {readonly string[]} headers */
function readVersion(headers) {
  for (const header of headers.filter(existsSync)) {
    const text = readFileSync(header, "utf8");
    const [major, minor, patch] = ["MAJOR", "MINOR", "PATCH"].map(
      (part) => text.match(new RegExp(`define\\s+TORCH_VERSION_${part}\\s+(\\d+)`))?.[1],
    );
    if (major && minor) return `${major}.${minor}.${patch ?? 0}`;
  }
  return undefined;
}

/** @param {string} header */
function needsCxx20(header) {
  return /__cplusplus\s*<\s*202002L/.test(readFileSync(header, "utf8"));
}

/**
 * The std::string that libc10 was built with: 1 (C++11), 0 (the older one, of pip's wheels up to 2.5),
 * or null if unknown. A mix of both links, but fails to load.
 * @param {Buffer} library
 */
export function detectAbi(library) {
  const symbols = library.toString("latin1").match(/_ZN3c105ErrorC[12]\w+/g);
  if (!symbols) return null;
  return symbols.some((symbol) => symbol.includes("__cxx11")) ? 1 : 0;
}

/**
 * The message if no libtorch was found, with all ways to install it.
 * @param {string} platform
 */
export function noLibtorchMessage(platform) {
  const all = /** @type {[way: string, where: string][]} */ ([
    ["sudo apt-get install libtorch-dev libopenblas0-pthread", "Debian, Ubuntu"],
    ["pip install torch", "any Python 3 on PATH, or an active virtual environment"],
    ["brew install pytorch", "Homebrew"],
    ["export LIBTORCH=/path/to/libtorch", "one that you unpacked yourself"],
  ]);
  const ways = all.filter(([way]) => platform !== "darwin" || !way.startsWith("sudo apt-get"));
  if (platform === "darwin") ways.unshift(...ways.splice(1, 1));
  const lines = ways.map(([way, where]) => `  ${way.padEnd(56)}(${where})`);
  return (
    "cfcontra needs libtorch, but found none in LIBTORCH, python3's torch, Homebrew or the system's " +
    `packages; install it in one of these ways and run the command again:\n${lines.join("\n")}`
  );
}

// Does not import torch, which takes seconds, and ignores the current folder, where any folder called
// torch would match.
/** @param {string} python @param {NodeJS.ProcessEnv} env */
function askPython(python, env) {
  const code =
    "import sys; sys.path[:] = [p for p in sys.path if p]; import importlib.util as u; " +
    "s = u.find_spec('torch'); print(s.submodule_search_locations[0] if s and s.origin else '')";
  const { status, stdout } = spawnSync(python, ["-c", code], { env, encoding: "utf8" });
  return (status === 0 && stdout.trim()) || undefined;
}

/** @param {NodeJS.ProcessEnv} env */
function askBrew(env) {
  if (!firstOnPath(["brew"], env)) return [];
  const { status, stdout } = spawnSync("brew", ["--prefix", "pytorch"], { env, encoding: "utf8" });
  return status === 0 && stdout.trim() ? [stdout.trim()] : [];
}

/** @param {string} path @param {string} target */
function linksTo(path, target) {
  try {
    return realpathSync(path) === realpathSync(target);
  } catch {
    return false;
  }
}
