// Sets up a fresh clone: npm packages, libtorch, the addon, TypeScript, the pages. Plain JavaScript
// without dependencies, since it runs before they are installed.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { addonFresh, buildAddon } from "./addon.js";
import { dependenciesFresh, installDependencies } from "./dependencies.js";
import { withLock } from "./lock.js";
import { buildPages, pagesFresh } from "./pages.js";
import { SetupError, say } from "./say.js";
import { compileTypeScript, distFresh } from "./typescript.js";

/** The checkout, or the installed package. */
export const ROOT = fileURLToPath(new URL("..", import.meta.url)).replace(/\/$/, "");

/**
 * Installs and builds what is missing or out of date, with messages on stderr; returns at once if
 * nothing is. `search` searches for libtorch again even if the addon is up to date; without `engine`
 * libtorch and addon are skipped. Throws SetupError.
 * @param {{ root?: string, env?: NodeJS.ProcessEnv, search?: boolean, engine?: boolean }} [options]
 */
export function bootstrap({ root = ROOT, env = process.env, search = false, engine = true } = {}) {
  refuseUnsupported();
  refuseIncomplete(root);
  const engineFresh = () => !engine || addonFresh(root, env);
  const fresh = () =>
    dependenciesFresh(root) && engineFresh() && distFresh(root) && pagesFresh(root);
  if (!search && fresh()) return;
  try {
    withLock(join(root, "build", "lock"), () => make(root, env, search, engine), {
      onWait: (pid) => say(`waiting for another set-up of this folder (process ${pid}) ...`),
    });
  } catch (error) {
    const { code = "", path = root } = /** @type {NodeJS.ErrnoException} */ (error);
    if (!["EACCES", "EPERM", "EROFS", "ENOSPC"].includes(code)) throw error;
    throw new SetupError(
      `cannot write to ${path} (${code}); the set-up builds inside ${root}, ` +
        "so make that writable, or install cfcontra in another folder.",
    );
  }
}

// Every step checks again: the process that held the lock before may have done it.
/**
 * @param {string} root
 * @param {NodeJS.ProcessEnv} env
 * @param {boolean} search
 * @param {boolean} engine
 */
function make(root, env, search, engine) {
  if (!dependenciesFresh(root)) installDependencies(root, env);
  if (engine && (search || !addonFresh(root, env))) {
    const libtorch = buildAddon(root, env);
    if (search) say(`using libtorch ${libtorch.version} (${libtorch.source}: ${libtorch.path})`);
  }
  if (!distFresh(root)) compileTypeScript(root, env);
  if (!pagesFresh(root)) buildPages(root, env);
}

function refuseUnsupported() {
  if (process.platform === "win32") {
    throw new SetupError("cfcontra runs on Linux and macOS; on Windows use it inside WSL.");
  }
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  if (major < 20 || (major === 20 && minor < 17)) {
    throw new SetupError(
      `cfcontra needs Node 20.17 or newer, but this is ${process.version}; see https://nodejs.org.`,
    );
  }
}

/**
 * Throws if a package without sources lacks files that only a clone can build.
 * @param {string} root
 */
function refuseIncomplete(root) {
  if (existsSync(join(root, "src"))) return;
  for (const file of ["dist/cli/main.js", "dist/web/dashboard/index.html"]) {
    if (existsSync(join(root, file))) continue;
    throw new SetupError(
      `this package of cfcontra is incomplete: ${join(root, file)} is missing; install a tarball ` +
        "that `npm pack` creates in a clone.",
    );
  }
}

/**
 * Runs `bootstrap` for an entry point: prints the message of a SetupError. Returns whether it succeeded.
 * @param {Parameters<typeof bootstrap>[0]} [options]
 */
export function bootstrapOrExplain(options) {
  try {
    bootstrap(options);
    return true;
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    say(error.message);
    return false;
  }
}
