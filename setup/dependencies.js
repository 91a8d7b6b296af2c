import { existsSync } from "node:fs";
import { join, sep } from "node:path";
import { runLogged, SetupError, say, seconds } from "./say.js";
import { readJson } from "./stamp.js";

/**
 * Whether node_modules holds what package-lock.json asks for. npm's own record of what it installed
 * (written last) is the stamp. A package installed from npm has no lock file and is left alone.
 * @param {string} root
 */
export function dependenciesFresh(root) {
  const lock = readJson(join(root, "package-lock.json"));
  if (!lock || root.split(sep).includes("node_modules")) return true;
  const installed = readJson(join(root, "node_modules", ".package-lock.json"));
  if (!installed) return false;
  return Object.entries(lock.packages).every(
    ([name, entry]) =>
      name === "" ||
      entry.optional || // for other platforms, mostly
      entry.devOptional ||
      installed.packages[name]?.version === entry.version,
  );
}

/**
 * `npm ci`, without running any dependency's install script: none of ours needs one.
 * @param {string} root
 * @param {NodeJS.ProcessEnv} env
 */
export function installDependencies(root, env) {
  const start = performance.now();
  const missing = !existsSync(join(root, "node_modules"));
  say(`installing npm packages (${missing ? "none yet" : "package-lock.json has changed"}) ...`);
  // Started by npm, its own path is known; `npm` on PATH otherwise.
  const npm =
    env.npm_execpath && /npm-cli\.[cm]?js$/.test(env.npm_execpath)
      ? [process.execPath, env.npm_execpath]
      : ["npm"];
  const log = join(root, "build", "npm.log");
  // Inside of `npm pack --dry-run` npm would take the option for its own.
  const options = ["--include=dev", "--ignore-scripts", "--no-dry-run"];
  const { ok, tail } = runLogged([...npm, "ci", ...options], { cwd: root, env, log });
  if (!ok) throw new SetupError(`npm ci failed; the whole log is ${log}.\n${tail}`);
  say(`npm packages installed in ${seconds(start)}`);
}
