import { existsSync } from "node:fs";
import { join, sep } from "node:path";
import { runLogged, SetupError, say, seconds } from "./say.js";
import { readJson } from "./stamp.js";

/**
 * Whether node_modules contains what package-lock.json lists, according to npm's own record, which it
 * writes last. A package installed from npm does not have a lock file, and counts as up to date.
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
      entry.optional || // most are for other platforms
      entry.devOptional ||
      installed.packages[name]?.version === entry.version,
  );
}

/**
 * Runs `npm ci` without install scripts, which no dependency needs.
 * @param {string} root
 * @param {NodeJS.ProcessEnv} env
 */
export function installDependencies(root, env) {
  const start = performance.now();
  const missing = !existsSync(join(root, "node_modules"));
  say(`installing npm packages (${missing ? "none yet" : "package-lock.json has changed"}) ...`);
  // If npm started this process, its path is known; otherwise `npm` on PATH.
  const npm =
    env.npm_execpath && /npm-cli\.[cm]?js$/.test(env.npm_execpath)
      ? [process.execPath, env.npm_execpath]
      : ["npm"];
  const log = join(root, "build", "npm.log");
  // In `npm pack --dry-run`, npm would inherit the option.
  const options = ["--include=dev", "--ignore-scripts", "--no-dry-run"];
  const { ok, tail } = runLogged([...npm, "ci", ...options], { cwd: root, env, log });
  if (!ok) throw new SetupError(`npm ci failed; the complete output is in ${log}.\n${tail}`);
  say(`npm packages installed in ${seconds(start)}`);
}
