// `npm run gpu -- pack`: packs what `npm run gpu` needs on a machine without Node, npm and a network, but with
// python3 and PyTorch: this Node, the packages of package-lock.json that run (not those that build or test),
// and the compiled code. Writes bench/gpu/trip/, for offline.sh. Needs tar and xz.
import { execFileSync } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bootstrap, ROOT } from "../../setup/bootstrap.js";
import { removeOrphans } from "../../setup/typescript.js";
import { commitOf } from "../result-rows.js";
import { runtimePackages } from "./runtime-packages.js";

const TRIP = join(ROOT, "bench", "gpu", "trip");
/** What never runs. */
const WITHOUT = ["*.d.ts", "*.d.mts", "*.d.cts", "*.map", "*.md", "dist/.tsbuildinfo"];

/**
 * Writes files as tar, compressed by xz.
 * @param {string} archive
 * @param {string} folder that the names start from
 * @param {readonly string[]} names
 */
function compress(archive, folder, names) {
  const skipped = WITHOUT.map((pattern) => `--exclude=${pattern}`);
  const plain = ["--owner=0", "--group=0", "--numeric-owner", "--dereference"];
  execFileSync("tar", [...plain, ...skipped, "-cf", archive, "-C", folder, ...names]);
  rmSync(`${archive}.xz`, { force: true });
  execFileSync("xz", ["-9", archive]);
}

/** This Node without symbols, which are most of some builds. */
function packNode() {
  const stamp = join(TRIP, "node.txt");
  const identity = `${process.version} ${process.arch} ${statSync(process.execPath).size}`;
  const before = existsSync(stamp) ? readFileSync(stamp, "utf8") : "";
  if (before === identity && existsSync(join(TRIP, "node.tar.xz"))) return;
  const scratch = mkdtempSync(join(tmpdir(), "cfcontra-pack-"));
  try {
    mkdirSync(join(scratch, "bench", "gpu", "trip", "bin"), { recursive: true });
    const node = join("bench", "gpu", "trip", "bin", "node");
    copyFileSync(process.execPath, join(scratch, node));
    try {
      execFileSync("strip", [join(scratch, node)], { stdio: "ignore" });
    } catch {
      // Without binutils it is larger.
    }
    compress(join(TRIP, "node.tar"), scratch, [node]);
    writeFileSync(stamp, identity);
  } finally {
    rmSync(scratch, { recursive: true });
  }
}

/** Packages and compiled code. npm's record of the packages and the stamps tell the set-up that they are complete. */
function packCode() {
  const record = "node_modules/.package-lock.json";
  const compiled = ["dist"];
  const pages = ["dashboard", "playground"].map((name) => `--exclude=dist/web/${name}/*`);
  const names = [...pages, record, ...runtimePackages(ROOT), ...compiled];
  compress(join(TRIP, "code.tar"), ROOT, names);
}

bootstrap({ engine: false });
removeOrphans(ROOT);
mkdirSync(TRIP, { recursive: true });
writeFileSync(join(TRIP, "commit.txt"), `${commitOf(ROOT)}\n`);
packNode();
packCode();
for (const name of ["node.tar.xz", "code.tar.xz"]) {
  const mebi = lstatSync(join(TRIP, name)).size / 2 ** 20;
  console.log(`bench/gpu/trip/${name}: ${mebi.toFixed(1)} MiB`);
}
