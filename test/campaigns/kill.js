// Trains a tiny run, kills it at random moments and resumes it each time. At the end, its files must have
// the same bits as those of an uninterrupted run.
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, watch } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { randomFrom } from "../../dist/datasets/random.js";
import { dispose } from "../../dist/torch/index.js";
import { checkpoints, readCheckpoint } from "../../dist/train/index.js";
import { BIN, tinyPreset } from "./tiny-run.js";

/** @typedef {ReturnType<typeof training>} Life */

/**
 * @param {{ folder: string, times: number, seed: number, processes?: number, say?: (line: string) => void }} options
 * `folder` is empty. Returns counts; throws if a guarantee is broken.
 */
export async function killAndResume({ folder, times, seed, processes = 1, say = () => {} }) {
  const random = randomFrom(seed, 0);
  const steps = 40;
  const train = { steps, evaluateEvery: 10, checkpointEvery: 1 };
  const preset = await tinyPreset(folder, { train });
  /** @param {string} run */
  const start = (run) =>
    training([
      ...(existsSync(join(run, "config.yaml"))
        ? ["--resume", run]
        : ["--preset", preset, "--out", run]),
      ...(processes > 1 ? ["--processes", String(processes)] : []),
    ]);

  const whole = join(folder, "whole");
  const began = performance.now();
  const pilot = start(whole);
  await appears(join(whole, "checkpoints"), /\.safetensors$/, pilot);
  const startUp = performance.now() - began;
  requireSuccess(await pilot.ended, whole);
  const step = (performance.now() - began - startUp) / steps;
  say(
    `not killed: ${steps} steps, ${Math.round(step)} ms each, ${Math.round(startUp)} ms to begin`,
  );

  const counts = { kills: 0, whileStarting: 0, whileWriting: 0, whileTraining: 0, halfWritten: 0 };
  let runs = 0;
  while (counts.kills < times) {
    const run = join(folder, `killed-${++runs}`);
    let reached = 0;
    // If a run completes before it was killed often enough, another one starts.
    while (counts.kills < times) {
      const life = start(run);
      const moment = await randomMoment(random, run, life, { startUp, step });
      if (life.over()) break;
      life.kill();
      await life.ended;
      counts.kills++;
      counts[moment]++;
      if (halfWritten(run).length > 0) counts.halfWritten++;
      reached = requireWhole(run, reached);
      say(`${counts.kills}/${times} ${moment}: ${reached} of ${steps} steps are safe`);
    }
    requireSuccess(await start(run).ended, run);
    requireSame(whole, run);
  }
  return { ...counts, runs, steps };
}

/**
 * Waits for the moment to kill, and returns its kind.
 * @param {import("../../dist/datasets/random.js").Random} random
 * @param {string} run
 * @param {Life} life
 * @param {{ startUp: number, step: number }} times in milliseconds
 * @returns {Promise<"whileStarting" | "whileTraining" | "whileWriting">}
 */
async function randomMoment(random, run, life, { startUp, step }) {
  if (random.chance(0.2)) {
    await setTimeout(random.between(0, startUp));
    return "whileStarting";
  }
  const saved = join(run, "checkpoints");
  await appears(saved, /\.safetensors$/, life);
  await setTimeout(random.between(0, 5 * step));
  if (random.chance(0.5)) return "whileTraining";
  await appears(saved, /\.part$/, life);
  return "whileWriting";
}

/** @param {string} run */
const halfWritten = (run) =>
  existsSync(run)
    ? readdirSync(run, { recursive: true, encoding: "utf8" }).filter((name) =>
        name.endsWith(".part"),
      )
    : [];

/** @param {string} whole @param {string} run */
function requireSame(whole, run) {
  if (halfWritten(run).length > 0) throw new Error(`left behind: ${halfWritten(run).join(", ")}`);
  const [before, after] = [outcome(whole), outcome(run)];
  for (const part of Object.keys(before)) {
    if (before[part] !== after[part])
      throw new Error(`${part} differs from that of an uninterrupted run`);
  }
}

/**
 * Checks that every checkpoint under its final name is complete, and that none is lost.
 * @param {string} run
 * @param {number} reached
 */
function requireWhole(run, reached) {
  const kept = checkpoints(run);
  const steps = kept.map((path) => {
    const { info, tensors } = readCheckpoint(path);
    dispose(tensors);
    return info.step;
  });
  const newest = steps.at(-1) ?? 0;
  if (newest < reached)
    throw new Error(`step ${reached} was saved, but the newest checkpoint is of step ${newest}`);
  if (newest > 1 && steps.length < 2) throw new Error(`the only checkpoint is of step ${newest}`);
  return newest;
}

/**
 * Digests of everything in a run that does not depend on the clock.
 * @param {string} run
 * @returns {Record<string, string>}
 */
function outcome(run) {
  /** @param {string | Uint8Array} bytes */
  const digest = (bytes) => createHash("sha256").update(bytes).digest("hex");
  const lines = readFileSync(join(run, "metrics.jsonl"), "utf8").trim().split("\n");
  const metrics = lines.map((line) => {
    const { seconds, waiting, memory, ...numbers } = JSON.parse(line);
    return numbers;
  });
  const previews = readdirSync(join(run, "previews"), { recursive: true, encoding: "utf8" })
    .filter((name) => /\.(png|jpg)$/.test(name))
    .sort()
    .map((name) => [name, digest(readFileSync(join(run, "previews", name)))]);
  return {
    checkpoint: digest(readFileSync(checkpoints(run).at(-1) ?? "")),
    metrics: digest(JSON.stringify(metrics)),
    prototypes: digest(readFileSync(join(run, "prototypes.jsonl"))),
    scores: digest(
      JSON.stringify(JSON.parse(readFileSync(join(run, "result.json"), "utf8")).scores),
    ),
    previews: digest(JSON.stringify(previews)),
  };
}

/**
 * Starts `cfcontra train` in its own process group; `kill` ends all of it at once.
 * @param {string[]} args
 */
function training(args) {
  const child = spawn(process.execPath, [BIN, "train", ...args], {
    detached: true,
    stdio: ["ignore", "ignore", "pipe"],
    env: { ...process.env, OMP_NUM_THREADS: "1" },
  });
  let err = "";
  child.stderr.on("data", (text) => {
    err += text;
  });
  let over = false;
  /** @type {Promise<{ code: number | null, err: string }>} */
  const ended = new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => {
      over = true;
      resolve({ code, err });
    });
  });
  const kill = () => process.kill(-Number(child.pid), "SIGKILL");
  return { ended, over: () => over, kill };
}

/** @param {{ code: number | null, err: string }} ended @param {string} run */
function requireSuccess({ code, err }, run) {
  if (code !== 0) throw new Error(`${run} ended with ${code}: ${err}`);
}

/**
 * Waits until a file whose name matches appears in a folder, or the run ends.
 * @param {string} folder
 * @param {RegExp} name
 * @param {Life} life
 */
async function appears(folder, name, { ended, over }) {
  while (!existsSync(folder) && !over()) await setTimeout(5);
  if (over()) return;
  const watcher = watch(folder, { encoding: "utf8" });
  /** @type {Promise<void>} */
  const seen = new Promise((resolve) => {
    watcher.on("change", (_, changed) => {
      const file = String(changed);
      // A `.part` file may be complete and renamed by now.
      if (name.test(file) && (file.endsWith(".part") || existsSync(join(folder, file)))) resolve();
    });
  });
  await Promise.race([seen, ended]);
  watcher.close();
}
