import { existsSync, readdirSync, realpathSync } from "node:fs";
import { join } from "node:path";
import { firstOnPath, runLogged, say, seconds } from "./say.js";

/**
 * The command to run apt-get without a password: `["apt-get"]` for root, `["sudo", "-n", "apt-get"]` in
 * CI; otherwise undefined.
 * @param {NodeJS.ProcessEnv} env
 * @returns {string[] | undefined}
 */
export function aptCommand(env, uid = process.getuid?.()) {
  if (!firstOnPath(["apt-get"], env)) return undefined;
  if (uid === 0) return ["apt-get"];
  const ci = env.CI && env.CI !== "false" && env.CI !== "0";
  return ci && firstOnPath(["sudo"], env) ? ["sudo", "-n", "apt-get"] : undefined;
}

/**
 * Installs Debian packages. Returns `{ ok, tail, log }`; tail is the last lines of apt-get's output.
 * @param {readonly string[]} apt
 * @param {readonly string[]} packages
 * @param {{ root: string, env: NodeJS.ProcessEnv }} place
 */
export function aptInstall(apt, packages, { root, env }) {
  const start = performance.now();
  say(`installing ${packages.join(", ")} with apt-get (a few minutes) ...`);
  const log = join(root, "build", "apt.log");
  /** @param {string[]} args */
  const run = (...args) =>
    runLogged([...apt, "-q", "-o", "DPkg::Lock::Timeout=300", ...args], {
      cwd: root,
      env: { ...env, DEBIAN_FRONTEND: "noninteractive" },
      log,
    });
  const install = () => run("install", "-y", "--no-install-recommends", ...packages);
  // Existing package lists may be outdated: update them only if installing fails.
  let result = listsPresent() ? install() : { ok: false, tail: "" };
  if (!result.ok) {
    say("updating apt's package lists ...");
    result = run("update");
    if (result.ok) result = install();
  }
  if (result.ok) say(`${packages.join(", ")} installed in ${seconds(start)}`);
  return { ...result, log };
}

function listsPresent(folder = "/var/lib/apt/lists") {
  return existsSync(folder) && readdirSync(folder).some((name) => name.includes("_Packages"));
}

/**
 * Whether the system's libblas.so.3, which Debian's libtorch uses, is the reference
 * implementation: correct, but many times slower than others.
 * @param {Pick<import("./libtorch.js").Host, "system" | "multiarch">} host
 */
export function hasReferenceBlas({ system, multiarch }) {
  try {
    const library = realpathSync(join(system, "lib", multiarch ?? "", "libblas.so.3"));
    return /\/blas\/libblas\.so[^/]*$/.test(library);
  } catch {
    return false; // this libtorch brings its own BLAS
  }
}
