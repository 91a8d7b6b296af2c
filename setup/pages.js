import { existsSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { runLogged, SetupError, say } from "./say.js";
import { fingerprint, readJson, writeJson } from "./stamp.js";

const STAMP = "dist/web/.stamp.json";

/**
 * Whether dist/web/ was built from the current web/. A published package does not have web/.
 * @param {string} root
 */
export function pagesFresh(root) {
  if (!existsSync(join(root, "web"))) return true;
  return readJson(join(root, STAMP))?.sources === sources(root);
}

/**
 * Builds every folder of web/ with an index.html to a static folder of the same name in dist/web/.
 * @param {string} root
 * @param {NodeJS.ProcessEnv} env
 */
export function buildPages(root, env) {
  const pages = readdirSync(join(root, "web")).filter((name) =>
    existsSync(join(root, "web", name, "index.html")),
  );
  say(`building pages (${pages.join(", ")}) ...`);
  const before = sources(root); // a later edit is built next time
  rmSync(join(root, STAMP), { force: true }); // if one page fails, others have been replaced
  const require = createRequire(join(root, "package.json"));
  const vite = join(dirname(require.resolve("vite/package.json")), "bin", "vite.js");
  withPlainPath(root, (folder) => {
    for (const page of pages) {
      const log = join(root, "build", `${page}-page.log`);
      const outDir = join(root, "dist", "web", page);
      const config = join(folder, "web", "vite.config.js");
      const { ok, tail } = runLogged(
        [
          ...[process.execPath, vite, "build", join(folder, "web", page)],
          ...["--config", config, "--outDir", outDir, "--emptyOutDir"],
        ],
        { cwd: root, env, log },
      );
      if (!ok)
        throw new SetupError(
          `building the page ${page} failed; the complete output is in ${log}.\n${tail}`,
        );
    }
  });
  writeJson(join(root, STAMP), { sources: before });
}

/**
 * Vite reads "#" and "?" in a path as parts of an address: such a folder is built through a link.
 * @param {string} root
 * @param {(folder: string) => void} build
 */
function withPlainPath(root, build) {
  if (!/[#?]/.test(root)) return build(root);
  const scratch = mkdtempSync(join(tmpdir(), "cfcontra-pages-"));
  try {
    symlinkSync(root, join(scratch, "checkout"), "dir");
    build(join(scratch, "checkout"));
  } finally {
    rmSync(scratch, { recursive: true });
  }
}

/**
 * The sources of the pages, including the parts of src/ that they share with Node.
 * @param {string} root
 */
function sources(root) {
  const shared = ["export", "datasets", "dashboard", "report", "train"].map(
    (name) => `src/${name}`,
  );
  return fingerprint(root, ["web", ...shared, "package-lock.json"]);
}
