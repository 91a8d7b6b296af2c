import { existsSync, readdirSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { runLogged, SetupError, say } from "./say.js";
import { fingerprint, readJson, writeJson } from "./stamp.js";

const STAMP = "dist/.stamp.json";

/**
 * Whether dist/ was compiled from the current src/. A published package does not have src/.
 * @param {string} root
 */
export function distFresh(root) {
  if (!existsSync(join(root, "src"))) return true;
  return readJson(join(root, STAMP))?.sources === sources(root);
}

/**
 * Runs `tsc -p .`; a type error stops the set-up with the compiler's output.
 * @param {string} root
 * @param {NodeJS.ProcessEnv} env
 */
export function compileTypeScript(root, env) {
  say("compiling TypeScript ...");
  const before = sources(root); // a later edit is compiled next time
  rmSync(join(root, STAMP), { force: true }); // the compiler writes files in spite of type errors
  const require = createRequire(join(root, "package.json"));
  const tsc = join(dirname(require.resolve("typescript/package.json")), "bin", "tsc");
  const log = join(root, "build", "tsc.log");
  const { ok, tail } = runLogged([process.execPath, tsc, "-p", ".", "--pretty", "false"], {
    cwd: root,
    env,
    log,
  });
  if (!ok)
    throw new SetupError(`TypeScript found errors; the complete list is in ${log}.\n${tail}`);
  writeJson(join(root, STAMP), { sources: before });
}

/**
 * Deletes compiled files whose sources no longer exist, which the compiler leaves in dist/.
 * @param {string} root
 */
export function removeOrphans(root) {
  const dist = join(root, "dist");
  for (const file of readdirSync(dist, { recursive: true, encoding: "utf8" })) {
    const source = /^(?!web\/)(.*?)(\.d\.ts|\.js)$/.exec(file)?.[1];
    if (source !== undefined && !existsSync(join(root, "src", `${source}.ts`))) {
      rmSync(join(dist, file));
    }
  }
}

/** @param {string} root */
function sources(root) {
  return fingerprint(root, ["src", "tsconfig.json"]);
}
