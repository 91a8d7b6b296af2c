// Trains a tiny run, kills it at random moments, resumes it each time, and compares what is there at the
// end with a run that nobody killed: the same bits.
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, watch } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { randomFrom } from "../../dist/datasets/random.js";
import { dispose } from "../../dist/torch/index.js";
import { checkpoints, readCheckpoint } from "../../dist/train/index.js";
import { BIN, tinyPreset } from "./tiny-run.js";

/**
 * @param {{ folder: string, times: number, seed: number, processes?: number, say?: (line: string) => void }} options
 * `folder` is empty. Returns counts; throws where a promise was broken.
 */
export async function killAndResume({ folder, times, seed, processes = 1, say = () => {} }) {
  const random = randomFrom(seed, 0);
  const steps = 8 * times;
  const preset = tinyPreset(folder, { train: { steps, evaluateEvery: 10, checkpointEvery: 1 } });
  const args = ["--processes", String(processes)];
  const [whole, killed] = [join(folder, "whole"), join(folder, "killed")];
  const start = (run) =>
    existsSync(join(run, "config.yaml"))
      ? train(["--resume", run, ...args])
      : train(["--preset", preset, "--out", run, ...args]);

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
  let reached = 0;
  while (counts.kills < times) {
    const run = start(killed);
    const kind = random.chance(0.2)
      ? "whileStarting"
      : random.chance(0.5)
        ? "whileWriting"
        : "whileTraining";
    if (kind === "whileStarting") await setTimeout(random.between(0, startUp));
    else {
      // A few steps on, and either anywhere or while the next checkpoint is written.
      const folder = join(killed, "checkpoints");
      for (let i = random.below(5); i >= 0; i--) await appears(folder, /\.safetensors$/, run);
      if (kind === "whileTraining") await setTimeout(random.between(0, 3 * step));
      else {
        await appears(folder, /\.part$/, run);
        await setTimeout(random.between(0, 4));
      }
    }
    if (run.ended.done) break; // it was through
    run.kill();
    await run.ended;
    counts.kills++;
    counts[kind]++;
    const files = existsSync(join(killed, "checkpoints"))
      ? readdirSync(join(killed, "checkpoints"))
      : [];
    if (files.some((name) => name.endsWith(".part"))) counts.halfWritten++;
    reached = requireWhole(killed, reached);
    say(`${counts.kills}/${times} ${kind}: ${reached} of ${steps} steps are safe`);
  }
  requireSuccess(await start(killed).ended, killed);
  const left = readdirSync(killed, { recursive: true }).filter((name) => name.endsWith(".part"));
  if (left.length > 0) throw new Error(`left behind: ${left.join(", ")}`);
  const [before, after] = [outcome(whole), outcome(killed)];
  for (const part of Object.keys(before)) {
    if (before[part] !== after[part]) throw new Error(`${part} differs from a run not killed`);
  }
  return { ...counts, steps, checkpoint: before.checkpoint };
}

/** Every checkpoint under its final name is whole, and none that was there before is lost. */
function requireWhole(run, reached) {
  const kept = checkpoints(run);
  const steps = kept.map((path) => {
    const { info, tensors } = readCheckpoint(path);
    dispose(tensors);
    return info.step;
  });
  const newest = steps.at(-1) ?? 0;
  if (newest < reached)
    throw new Error(`step ${reached} was saved, but ${newest} is the newest left`);
  if (newest > 1 && steps.length < 2) throw new Error(`only step ${newest} is kept`);
  return newest;
}

/** Everything that a run leaves and that does not depend on the clock, as digests. */
function outcome(run) {
  const digest = (bytes) => createHash("sha256").update(bytes).digest("hex");
  const lines = readFileSync(join(run, "metrics.jsonl"), "utf8").trim().split("\n");
  const metrics = lines.map((line) => {
    const { seconds, waiting, memory, ...numbers } = JSON.parse(line);
    return numbers;
  });
  const previews = readdirSync(join(run, "previews"), { recursive: true })
    .filter((name) => /\.(png|jpg)$/.test(name))
    .sort()
    .map((name) => [name, digest(readFileSync(join(run, "previews", name)))]);
  return {
    checkpoint: digest(readFileSync(checkpoints(run).at(-1))),
    metrics: digest(JSON.stringify(metrics)),
    prototypes: digest(readFileSync(join(run, "prototypes.jsonl"))),
    scores: digest(JSON.stringify(JSON.parse(readFileSync(join(run, "result.json"))).scores)),
    previews: digest(JSON.stringify(previews)),
  };
}

/** `cfcontra train` in a process group of its own; `kill` ends all of it at once. */
function train(args) {
  const child = spawn(process.execPath, [BIN, "train", ...args], {
    detached: true,
    stdio: ["ignore", "ignore", "pipe"],
    env: { ...process.env, OMP_NUM_THREADS: "1" },
  });
  let err = "";
  child.stderr.on("data", (text) => {
    err += text;
  });
  const ended = new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => {
      ended.done = true;
      resolve({ code, err });
    });
  });
  return { ended, kill: () => process.kill(-child.pid, "SIGKILL") };
}

function requireSuccess({ code, err }, run) {
  if (code !== 0) throw new Error(`${run} ended with ${code}: ${err}`);
}

/** Waits until a file of such a name appears in a folder, or the run is over. */
async function appears(folder, name, { ended }) {
  while (!existsSync(folder) && !ended.done) await setTimeout(5);
  if (ended.done) return;
  const watcher = watch(folder);
  const seen = new Promise((resolve) => {
    watcher.on("change", (_, file) => {
      if (name.test(file) && existsSync(join(folder, file))) resolve();
    });
  });
  await Promise.race([seen, ended]);
  watcher.close();
}
