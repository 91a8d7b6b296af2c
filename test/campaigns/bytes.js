// Passes damaged files to every reader of files, in a watched process: each must be read or refused with a
// UserError, in bounded time and memory, and without writing files.
import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { randomFrom } from "../../dist/datasets/random.js";
import { mutated } from "./mutate.js";
import { processorSeconds } from "./processor-seconds.js";
import { kinds } from "./readers.js";

export { kinds };

/**
 * @typedef {{ read: number, refused: number, failures: string[] }} Counts
 * @typedef {Counts & { begins: number }} Progress the input that is tried next
 * @typedef {Counts & { mebibytes: number }} Result
 */

/** @param {string} kind */
function readersOf(kind) {
  const found = kinds[kind];
  if (!found) throw new Error(`${kind}: expected one of ${Object.keys(kinds).join(", ")}`);
  return found;
}

/**
 * Tries inputs `first` .. `times` - 1 of a kind; input i depends on seed and i. Reports each to `tell`.
 * @param {{ folder: string, kind: string, times: number, seed: number, first?: number, tell?: (at: Progress) => void }} options
 */
export async function damage({ folder, kind, times, seed, first = 0, tell = () => {} }) {
  mkdirSync(folder, { recursive: true });
  const { good, read } = readersOf(kind);
  const files = Object.entries(await good(folder));
  for (const [name, whole] of files) {
    replace(join(folder, name), whole);
    await read(folder, name); // the undamaged file must be readable
  }
  const counts = { read: 0, refused: 0 };
  /** @type {string[]} */
  const failures = [];
  for (let i = first; i < times; i++) {
    tell({ begins: i, ...counts, failures });
    const random = randomFrom(seed, i);
    const [name, whole] = /** @type {(typeof files)[number]} */ (files[random.below(files.length)]);
    const path = join(folder, name);
    replace(path, mutated(Buffer.from(whole), random));
    try {
      await read(folder, name);
      counts.read++;
    } catch (reason) {
      const error = /** @type {Error} */ (reason);
      if (error.name === "UserError" && !error.message.includes("\n")) counts.refused++;
      else failures.push(`${kind} ${i} (${name}): ${error.stack}`);
    }
    replace(path, whole);
  }
  for (const stray of straysIn(folder, files)) failures.push(`${kind}: left ${stray}`);
  return { ...counts, failures, mebibytes: Math.round(process.resourceUsage().maxRSS / 1024) };
}

/**
 * The other files in the folder.
 * @param {string} folder
 * @param {[name: string, whole: string | Uint8Array][]} files
 */
function straysIn(folder, files) {
  const known = files.map(([name]) => name);
  return readdirSync(folder, { recursive: true, encoding: "utf8" }).filter(
    (path) => !known.some((name) => name === path || name.startsWith(`${path}/`)),
  );
}

/**
 * Replaces a file with a new one: libvips may still have the old one mapped into memory.
 * @param {string} path
 * @param {string | Uint8Array} bytes
 */
function replace(path, bytes) {
  rmSync(path, { force: true });
  writeFileSync(path, bytes);
}

const PATIENCE = 2; // seconds of processor time per input
const MEMORY = 1024; // MiB of the process, including libtorch and Node

/**
 * Runs `damage` in its own process, and restarts it after an input that ends it.
 * @param {{ folder: string, kind: string, times: number, seed: number }} options
 */
export async function campaign({ folder, kind, times, seed }) {
  /** @type {Result & { kind: string, slowest: number }} */
  const total = { kind, read: 0, refused: 0, mebibytes: 0, slowest: 0, failures: [] };
  for (let first = 0; first < times; ) {
    const inside = join(folder, kind);
    const child = fork(
      fileURLToPath(import.meta.url),
      [JSON.stringify({ folder: inside, kind, times, seed, first })],
      {
        env: { ...process.env, OMP_NUM_THREADS: "1" },
        cwd: folder,
      },
    );
    /** @type {Progress} */
    let before = { begins: first, read: 0, refused: 0, failures: [] }; // the current input
    let spent = Number.NaN;
    /** @type {string | undefined} */
    let why;
    const used = () => processorSeconds(child.pid);
    const watching = setInterval(() => {
      total.slowest = Math.max(total.slowest, used() - spent || 0);
      if (!(used() - spent >= PATIENCE)) return; // nor before the first
      why = `took more than ${PATIENCE} s`;
      child.kill("SIGKILL");
    }, 250);
    /** @type {Result | undefined} */
    let result;
    child.on("message", (sent) => {
      const message = /** @type {Progress | Result} */ (sent);
      if ("begins" in message) [before, spent] = [message, used()];
      else result = message;
    });
    const [code, signal] = await once(child, "close");
    clearInterval(watching);
    const { read, refused, failures } = result ?? before;
    total.read += read;
    total.refused += refused;
    total.failures.push(...failures);
    if (!result) {
      total.failures.push(`${kind} ${before.begins}: ${why ?? `ended by ${signal ?? code}`}`);
      first = before.begins + 1;
      continue;
    }
    total.mebibytes = result.mebibytes;
    if (result.mebibytes > MEMORY) total.failures.push(`${kind}: ${result.mebibytes} MiB`);
    break;
  }
  const strays = readdirSync(folder).filter((name) => !Object.hasOwn(kinds, name));
  if (strays.length > 0) total.failures.push(`${kind}: left ${strays.join(", ")}`);
  return total;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const tell = (/** @type {Progress | Result} */ message) => process.send?.(message);
  tell(await damage({ ...JSON.parse(process.argv[2] ?? ""), tell }));
  process.disconnect();
}
