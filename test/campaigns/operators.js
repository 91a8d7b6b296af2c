// Calls every operator of libtorch's dispatcher with odd arguments, in child processes that may crash: a
// crash is counted, and another process continues with the next operator. A call must return or throw
// an error of one line, and leak no tensor.
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { randomFrom } from "../../dist/datasets/random.js";
import { scope } from "../../dist/torch/index.js";
import { native } from "../../dist/torch/native.js";
import { crc32 } from "./crc32.js";
import { oddArguments, oddTensors, parameterTypes } from "./odd-arguments.js";
import { processorSeconds } from "./processor-seconds.js";

const HERE = fileURLToPath(import.meta.url);
const PATIENCE = 5; // seconds of processor time that one call may take
const MEMORY = 2 ** 30; // bytes that a process may take beyond what it has at its start

/** The operators of this libtorch, such as "aten::add.Tensor", in the order of their names. */
export const operatorNames = () => native.operatorNames().sort();

/**
 * Calls one operator `times` times with arguments that depend on its name and `seed`.
 * @param {string} name
 * @param {{ times: number, seed: number, tell: (call: number) => void }} options `tell` is called before each call
 */
function callOddly(name, { times, seed, tell }) {
  const [base = "", overload = ""] = name.split(".");
  const id = native.lookup(base, overload);
  const types = parameterTypes(native.schema(id));
  const random = randomFrom(seed, crc32(Buffer.from(name)));
  const counts = { returned: 0, refused: 0 };
  /** @type {string[]} */
  const faults = [];
  const before = native.liveTensors();
  scope(() => {
    const tensors = oddTensors();
    for (let i = 0; i < times; i++) {
      const args = oddArguments(types, tensors, random);
      tell(i);
      try {
        free(native.call(id, ...args));
        counts.returned++;
      } catch (error) {
        counts.refused++;
        const { message } = /** @type {Error} */ (error);
        if (!message || message.includes("\n")) faults.push(`${name} ${i}: ${error}`);
      }
    }
  });
  const left = native.liveTensors() - before;
  if (left !== 0) faults.push(`${name} left ${left} tensors`);
  return { ...counts, faults };
}

/** @param {unknown} result */
function free(result) {
  for (const handle of [result].flat(Number.POSITIVE_INFINITY)) {
    if (typeof handle === "number") native.dispose(handle);
  }
}

/**
 * Calls the operators in processes that run `worker`.
 * @param {{ names: string[], times: number, seed: number, folder: string, say?: (line: string) => void,
 *   worker?: string }} options
 * @returns counts, and a sentence for each operator that ended a process, each that took too long, and each
 *   other fault
 */
export async function campaign({ names, times, seed, folder, say = () => {}, worker = HERE }) {
  const counts = { libtorch: native.version, operators: names.length, returned: 0, refused: 0 };
  /** @type {{ crashed: string[], slow: string[], faults: string[] }} */
  const found = { crashed: [], slow: [], faults: [] };
  for (let next = 0; next < names.length; next++) {
    const { done, call, end } = await follow(worker, folder, {
      names: names.slice(next),
      times,
      seed,
    });
    for (const { returned, refused, faults } of done) {
      counts.returned += returned;
      counts.refused += refused;
      found.faults.push(...faults);
      for (const fault of faults) say(fault);
    }
    next += done.length;
    if (next >= names.length) break;
    const sentence = `${names[next]} ${call}: ${end}`;
    found[end === TOO_LONG ? "slow" : "crashed"].push(sentence);
    say(sentence);
  }
  return { ...counts, ...found };
}

const TOO_LONG = `took more than ${PATIENCE} s`;

/**
 * Runs one process until it ends. Returns its reports of operators, and its last call.
 * @param {string} worker
 * @param {string} folder
 * @param {object} task
 */
async function follow(worker, folder, task) {
  const child = spawn(process.execPath, [worker], {
    cwd: folder,
    stdio: ["pipe", "pipe", "pipe"],
    env: { ...process.env, OMP_NUM_THREADS: "1" },
  });
  const closed = once(child, "close");
  let complaint = "";
  child.stderr.on("data", (text) => {
    complaint = `${complaint}${text}`.slice(-2000);
  });
  child.stdin.on("error", () => {}); // it may be gone
  child.stdin.end(JSON.stringify(task));

  /** @type {{ returned: number, refused: number, faults: string[] }[]} */
  const done = [];
  let call = -1;
  /** @type {number | undefined} processor time at the first look at this call */
  let began;
  let tooLong = false;
  const watching = setInterval(() => {
    const used = processorSeconds(child.pid);
    began ??= used;
    if (!(used - began >= PATIENCE)) return;
    tooLong = true;
    child.kill("SIGKILL");
  }, 500);
  for await (const line of createInterface({ input: child.stdout })) {
    began = undefined;
    if (/^\d+$/.test(line)) call = Number(line);
    else if (line.startsWith("{")) done.push(JSON.parse(line));
  }
  clearInterval(watching);
  const [code, signal] = await closed;
  const why = complaint
    .split("\n")
    .findLast((line) => /terminate|assert|abort|corrupt|fatal/i.test(line));
  return { done, call, end: tooLong ? TOO_LONG : [signal ?? code, why].join(" ").trim() };
}

/** Makes what would take more memory an error. Only Linux can. */
function limitMemory() {
  if (process.platform !== "linux") return;
  const [, kibibytes] = /^VmSize:\s+(\d+)/m.exec(readFileSync("/proc/self/status", "utf8")) ?? [];
  const most = Number(kibibytes) * 1024 + MEMORY;
  const { status } = spawnSync("prlimit", [`--pid=${process.pid}`, `--as=${most}`, "--core=0"]);
  if (status !== 0) throw new Error("prlimit (of util-linux) is missing");
}

if (process.argv[1] === HERE) {
  limitMemory();
  const { names, times, seed } = JSON.parse(readFileSync(0, "utf8"));
  const say = (/** @type {string | number} */ line) => writeSync(1, `${line}\n`); // written before the call, whatever the call does
  for (const name of names) say(JSON.stringify(callOddly(name, { times, seed, tell: say })));
}
