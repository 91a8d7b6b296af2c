import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, isAbsolute, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { aptCommand, aptInstall, hasReferenceBlas } from "./apt.js";
import {
  cudaIncludes,
  findLibtorch,
  hasGloo,
  inspectLibtorch,
  ncclIncludes,
  noLibtorchMessage,
  thisHost,
} from "./libtorch.js";
import { firstOnPath, runLogged, SetupError, say, seconds } from "./say.js";
import { fingerprint, readJson, writeJson } from "./stamp.js";

/** @typedef {import("./libtorch.js").Libtorch} Libtorch */
/**
 * The optional parts of the addon: c10d with Gloo, c10d's NCCL, and the parts that need CUDA's headers; the
 * latter two by their include folders.
 * @typedef {{ gloo?: boolean, nccl?: string[] | undefined, gpu?: string[] | undefined }} Variant
 */
/** @typedef {Omit<Libtorch, "path" | "version"> & Variant} Build */
/** @typedef {ReturnType<typeof plan>} Plan */
/** @typedef {(packages: string[]) => { ok: boolean, tail: string, log: string }} Install */

const SOURCES = ["binding/torch.cc", "binding/memory.cc"];
const PROCESS_GROUPS = "binding/process-group.cc";
/** The headers of Gloo that c10d's own includes. Packages of libtorch lack them; binding/gloo.h declares what it uses. */
const GLOO = ["algorithm", "common/error", "context", "rendezvous/store", "transport/device"];
const FORWARDED = "build/include";
const IN_PARALLEL = fileURLToPath(new URL("in-parallel.js", import.meta.url));
const ADDON = "build/torch.node";
const STAMP = "build/torch.json";
const COMPILERS = ["c++", "g++", "clang++"];

/**
 * Whether build/torch.node is up to date. Reads libtorch and compiler from the stamp instead of
 * searching for them again; a change of the variables that control the search (LIBTORCH, VIRTUAL_ENV,
 * CXX, CUDA_HOME) makes it stale.
 * @param {string} root
 * @param {NodeJS.ProcessEnv} env
 */
export function addonFresh(root, env, host = thisHost(env)) {
  const stamp = readJson(join(root, STAMP));
  if (!stamp || !existsSync(join(root, ADDON))) return false;
  if (JSON.stringify(stamp.asked) !== JSON.stringify(asked(env))) return false;
  const libtorch = inspectLibtorch(stamp.libtorch.path, host);
  if (libtorch.problem !== undefined) return false;
  const { gloo, nccl, gpu } = stamp.libtorch;
  return sameBuild(stamp, plan(root, stamp.compiler, { ...libtorch, gloo, nccl, gpu }, host));
}

/**
 * Finds libtorch (or installs it if allowed) and compiles the addon, unless build/torch.node is up to
 * date. Throws SetupError with the command that fixes the problem.
 * @param {string} root
 * @param {NodeJS.ProcessEnv} env
 */
export function buildAddon(root, env, host = thisHost(env)) {
  const apt = aptCommand(env);
  const compiler = findCompiler(root, env, apt);
  const libtorch = ensureLibtorch(
    host,
    apt && ((packages) => aptInstall(apt, packages, { root, env })),
  );
  const gloo = hasGloo(libtorch, host);
  const nccl = gloo ? ncclIncludes(libtorch, host) : undefined;
  const gpu = cudaIncludes(libtorch, host);
  const variants = [
    ...(nccl ? [{ gloo, nccl, gpu }] : []),
    ...(gpu ? [{ gloo, gpu }] : []),
    ...(gloo ? [{ gloo }] : []),
    { gloo: false },
  ];
  const plans = /** @type {[Plan, ...Plan[]]} */ (
    variants.map((variant) => plan(root, compiler, { ...libtorch, ...variant }, host))
  );
  const stamp = readJson(join(root, STAMP));
  const fresh = existsSync(join(root, ADDON)) && sameBuild(stamp, plans[0]);
  const planned = fresh ? plans[0] : compileWhatWorks(root, env, plans);
  writeJson(join(root, STAMP), { ...planned, asked: asked(env) });
  return libtorch;
}

// c10d's and CUDA's headers change more often than ATen's. If NCCL's do not compile, the others may; without
// CUDA's, training on a GPU still works, and without Gloo's, training in one process.
/** @param {string} root @param {NodeJS.ProcessEnv} env @param {[Plan, ...Plan[]]} plans @returns {Plan} */
function compileWhatWorks(root, env, [first, ...simpler]) {
  try {
    compile(root, env, first);
    return first;
  } catch (error) {
    const [next, ...others] = simpler;
    if (!next) throw error;
    const { nccl, gpu } = first.libtorch;
    const what = nccl ? "NCCL" : gpu ? "GPU memory" : "process groups";
    const log = join(root, "build", `${what.toLowerCase().replace(" ", "-")}.log`);
    renameSync(join(root, "build", "torch.log"), log);
    say(`continuing without ${what}, which did not compile with this libtorch (${log})`);
    return compileWhatWorks(root, env, [next, ...others]);
  }
}

/**
 * The libtorch to use. `install(packages)` installs Debian packages and returns `{ ok, tail, log }`; it
 * is undefined if installing is not allowed.
 * @param {import("./libtorch.js").Host} host
 * @param {Install} [install]
 */
export function ensureLibtorch(host, install) {
  let libtorch = findLibtorch(host);
  if (!libtorch && install) {
    const { ok, tail, log } = install(["libtorch-dev", "libopenblas0-pthread"]);
    if (!ok) {
      const message = noLibtorchMessage(host.platform);
      throw new SetupError(`${message}\napt-get could not install it (${log}):\n${tail}`);
    }
    libtorch = findLibtorch(host);
  }
  if (!libtorch) throw new SetupError(noLibtorchMessage(host.platform));
  if (libtorch.path === host.system && hasReferenceBlas(host)) {
    const fix = "libopenblas0-pthread";
    // A slow BLAS works, so a failure is not an error.
    if (!install?.([fix]).ok) {
      say(`this machine has the slow reference BLAS; for speed, run: sudo apt-get install ${fix}`);
    }
  }
  return libtorch;
}

/**
 * The compiler command, with the output last. Paths in the checkout are relative, so that moving the
 * checkout does not change the build.
 * @param {{ compiler: string, libtorch: Build, headers: string[], platform: string }} plan
 */
export function compileCommand({ compiler, libtorch, headers, platform }) {
  const macos = platform === "darwin";
  const abi = libtorch.cxx11Abi === null ? [] : [`-D_GLIBCXX_USE_CXX11_ABI=${libtorch.cxx11Abi}`];
  const cuda = libtorch.cuda ? ["-ltorch_cuda", "-lc10_cuda"] : [];
  return [
    ...compiler.split(/\s+/),
    `-std=${libtorch.standard}`,
    "-O2",
    "-fPIC",
    "-fvisibility=hidden",
    "-DNAPI_VERSION=8",
    ...abi,
    ...[...headers, ...libtorch.includes].map((folder) => `-I${folder}`),
    ...(macos ? ["-bundle", "-undefined", "dynamic_lookup"] : ["-shared"]),
    "-Ibinding",
    ...SOURCES,
    ...(libtorch.gpu ?? libtorch.nccl ?? []).map((folder) => `-I${folder}`),
    ...(libtorch.gpu ? ["-DCFCONTRA_CUDA"] : []),
    ...(libtorch.nccl ? ["-DCFCONTRA_NCCL"] : []),
    ...(libtorch.gloo ? ["-DCFCONTRA_C10D", `-I${FORWARDED}`, PROCESS_GROUPS] : []),
    `-L${libtorch.lib}`,
    `-Wl,-rpath,${libtorch.lib}`,
    // Operators register themselves when their library is loaded: no symbol refers to it.
    ...(macos ? [] : ["-Wl,--no-as-needed"]),
    "-ltorch",
    "-ltorch_cpu",
    ...cuda,
    "-lc10",
    "-o",
  ];
}

/**
 * The same as a compilation for each source, which can run at the same time, and a link, with the output last.
 * @param {readonly string[]} command of `compileCommand`
 */
export function inParts(command) {
  const sources = command.filter((arg) => arg.endsWith(".cc"));
  const objects = sources.map((source) => `build/${basename(source)}.${process.pid}.o`);
  const flags = command.filter((arg) => !sources.includes(arg) && arg !== "-o");
  return {
    compilations: sources.map((source, i) => [...flags, "-c", source, "-o", `${objects[i]}`]),
    objects,
    link: command.flatMap((arg) => {
      if (arg === sources[0]) return objects;
      return sources.includes(arg) ? [] : [arg];
    }),
  };
}

/**
 * @param {string} root
 * @param {string} compiler
 * @param {Build & Pick<Libtorch, "version" | "path">} libtorch
 * @param {{ platform: string }} host
 */
function plan(root, compiler, libtorch, host) {
  const { version, path, gloo, nccl, gpu } = libtorch;
  const require = createRequire(join(root, "package.json"));
  const folder = require("node-api-headers").include_dir;
  const inside = relative(root, folder);
  const headers = [inside.startsWith("..") || isAbsolute(inside) ? folder : inside];
  return {
    libtorch: { version, path, gloo, nccl, gpu },
    compiler,
    command: compileCommand({ compiler, libtorch, headers, platform: host.platform }),
    target: `${process.platform}-${process.arch}`,
    sources: fingerprint(root, ["binding"]),
  };
}

/** @param {Plan | undefined} stamp @param {Plan} planned */
function sameBuild(stamp, planned) {
  if (!stamp) return false;
  /** @param {Plan} plan */
  const key = ({ libtorch, command, target, sources }) =>
    JSON.stringify([libtorch.version, libtorch.path, command, target, sources]);
  return key(stamp) === key(planned);
}

/** @param {string} root @param {NodeJS.ProcessEnv} env @param {Plan} plan */
function compile(root, env, { libtorch, command }) {
  const start = performance.now();
  say(`building the addon against libtorch ${libtorch.version} (${libtorch.path}) ...`);
  const log = join(root, "build", "torch.log");
  const part = `${ADDON}.${process.pid}`;
  mkdirSync(join(root, "build"), { recursive: true });
  if (libtorch.gloo) forwardGloo(root);
  const { compilations, objects, link } = inParts(command);
  const parallel = [process.execPath, IN_PARALLEL, JSON.stringify(compilations)];
  let result = runLogged(parallel, { cwd: root, env, log });
  if (result.ok) result = runLogged([...link, part], { cwd: root, env, log });
  for (const object of objects) rmSync(join(root, object), { force: true });
  const { ok, tail } = result;
  if (!ok) {
    rmSync(join(root, part), { force: true });
    throw new SetupError(`compiling binding/ failed; the complete output is in ${log}.\n${tail}`);
  }
  // A rename: a process that has loaded the old file keeps it.
  renameSync(join(root, part), join(root, ADDON));
  say(`addon built in ${seconds(start)}`);
}

/** Writes headers with the names of Gloo's that include binding/gloo.h. @param {string} root */
function forwardGloo(root) {
  for (const name of GLOO) {
    const path = join(root, FORWARDED, "gloo", `${name}.h`);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, '#include "gloo.h"\n');
  }
}

/**
 * @param {string} root
 * @param {NodeJS.ProcessEnv} env
 * @param {string[] | undefined} apt
 * @returns {string}
 */
function findCompiler(root, env, apt) {
  if (env.CXX) return env.CXX;
  const find = () => firstOnPath(COMPILERS, env);
  const found = find() ?? (apt && aptInstall(apt, ["g++"], { root, env }).ok ? find() : undefined);
  if (found) return found;
  const fix = process.platform === "darwin" ? "xcode-select --install" : "sudo apt-get install g++";
  throw new SetupError(
    `no C++ compiler (${COMPILERS.join(", ")}) is on PATH; install one (${fix}), or set CXX.`,
  );
}

/** @param {NodeJS.ProcessEnv} env */
function asked({ LIBTORCH = "", VIRTUAL_ENV = "", CXX = "", CUDA_HOME = "" }) {
  return { LIBTORCH, VIRTUAL_ENV, CXX, CUDA_HOME };
}
