// Builds the addon with AddressSanitizer in a separate folder, and runs the binding's tests with it.
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const COPIED = [
  "src",
  "test",
  "dist",
  "bin",
  "binding",
  "presets",
  "package.json",
  "tsconfig.json",
];

/**
 * @returns the exit code of the tests. Throws if the compiler has no sanitizer.
 * @param {{ folder: string, tests?: string[], say: (line: string) => void }} options
 */
export function sanitize({ folder, tests = ["test/torch"], say }) {
  const { compiler, command } = JSON.parse(readFileSync(join(ROOT, "build", "torch.json"), "utf8"));
  for (const name of [...COPIED, "vitest.config.ts"]) {
    cpSync(join(ROOT, name), join(folder, name), { recursive: true });
  }
  symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"));
  mkdirSync(join(folder, "build"));
  const [program, ...args] = /** @type {[string, ...string[]]} */ (command);
  const flags = ["-fsanitize=address", "-fno-omit-frame-pointer", "-g1", "-O1"];
  say(`${compiler} ${flags.join(" ")} ...`);
  run(program, [...flags, ...args.filter((arg) => arg !== "-O2"), "build/torch.node"], folder);

  const [cxx] = compiler.split(" ");
  const library = spawnSync(cxx, ["-print-file-name=libasan.so"], {
    encoding: "utf8",
  }).stdout.trim();
  const env = {
    ...process.env,
    ...{ LD_PRELOAD: library, OMP_NUM_THREADS: "1" },
    // Memory that V8 retains looks like leaks; its exceptions cross frames without unwinding.
    ASAN_OPTIONS:
      "detect_leaks=0:abort_on_error=1:allocator_may_return_null=1:quarantine_size_mb=8",
  };
  const vitest = join("node_modules", "vitest", "vitest.mjs");
  const options = ["--maxWorkers=1", "--testTimeout=300000", "--hookTimeout=300000"];
  return run(process.execPath, [vitest, "run", ...tests, ...options], folder, env, true);
}

/** @param {string} program @param {string[]} args @param {string} cwd */
function run(program, args, cwd, env = process.env, mayFail = false) {
  const { status, signal } = spawnSync(program, args, { cwd, env, stdio: "inherit" });
  if (status === 0 || mayFail) return status ?? signal;
  throw new Error(`${program} ended with ${status ?? signal}`);
}
