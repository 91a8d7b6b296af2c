// Hands damaged files to everything that reads files, in a process that is watched: each must be read or
// be refused in a sentence, soon, in bounded memory, and nothing may be written.
import { fork } from "node:child_process";
import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { randomFrom } from "../../dist/datasets/random.js";
import { mutated } from "./mutate.js";
import { processorSeconds } from "./processor-seconds.js";
import { kinds } from "./readers.js";

export { kinds };

/** Tries inputs `first` .. `times` - 1 of a kind; input i follows from seed and i. Reports each to `tell`. */
export async function damage({ folder, kind, times, seed, first = 0, tell = () => {} }) {
  mkdirSync(folder, { recursive: true });
  const { good, read } = kinds[kind];
  const files = Object.entries(await good(folder));
  for (const [name, whole] of files) {
    replace(join(folder, name), whole);
    await read(folder, name); // or nothing would be tried
  }
  const counts = { read: 0, refused: 0 };
  const failures = [];
  for (let i = first; i < times; i++) {
    tell({ begins: i, ...counts, failures });
    const random = randomFrom(seed, i);
    const [name, whole] = files[random.below(files.length)];
    const path = join(folder, name);
    replace(path, mutated(whole, random));
    try {
      await read(folder, name);
      counts.read++;
    } catch (error) {
      if (error.name === "UserError" && !error.message.includes("\n")) counts.refused++;
      else failures.push(`${kind} ${i} (${name}): ${error.stack}`);
    }
    replace(path, whole);
  }
  for (const stray of straysIn(folder, files)) failures.push(`${kind}: left ${stray}`);
  return { ...counts, failures, mebibytes: Math.round(process.resourceUsage().maxRSS / 1024) };
}

/** What lies in the folder and is none of the files. */
function straysIn(folder, files) {
  const known = files.map(([name]) => name);
  return readdirSync(folder, { recursive: true }).filter(
    (path) => !known.some((name) => name === path || name.startsWith(`${path}/`)),
  );
}

/** A new file under an old name: libvips may still have the old one mapped into memory. */
function replace(path, bytes) {
  rmSync(path, { force: true });
  writeFileSync(path, bytes);
}

const PATIENCE = 2; // seconds of processor time that one input may take
const MEMORY = 1024; // MiB that the process may hold, libtorch and Node included

/** `damage` in a process of its own, begun again behind an input that ends it. */
export async function campaign({ folder, kind, times, seed }) {
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
    let before = { begins: first, read: 0, refused: 0, failures: [] }; // the input it is at
    let spent = Number.NaN;
    let why;
    const used = () => processorSeconds(child.pid);
    const watching = setInterval(() => {
      total.slowest = Math.max(total.slowest, used() - spent || 0);
      if (!(used() - spent >= PATIENCE)) return; // nor before the first
      why = `took more than ${PATIENCE} s`;
      child.kill("SIGKILL");
    }, 250);
    const result = await new Promise((resolve) => {
      let answer;
      child.on("message", (message) => {
        if (message.begins === undefined) answer = message;
        else [before, spent] = [message, used()];
      });
      child.once("close", (code, signal) =>
        resolve(answer ?? { died: why ?? `ended by ${signal ?? code}` }),
      );
    });
    clearInterval(watching);
    const { read, refused, failures } = result.died ? before : result;
    total.read += read;
    total.refused += refused;
    total.failures.push(...failures);
    if (result.died) {
      total.failures.push(`${kind} ${before.begins}: ${result.died}`);
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
  const result = await damage({ ...JSON.parse(process.argv[2]), tell: (at) => process.send(at) });
  process.send(result);
  process.disconnect();
}
