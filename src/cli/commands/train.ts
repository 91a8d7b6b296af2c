import { dirname, join } from "node:path";
import { Command } from "commander";
import { stringify } from "yaml";
import { UserError } from "../../errors.js";
import type { Config } from "../../experiment/index.js";
import type { ProcessGroup } from "../../torch/index.js";
import type { LocalPlace } from "../../train/index.js";
import { isLaunched, launch } from "../launch.js";
import { dataOption, givenOf, setOption, whole } from "../options.js";
import { follow } from "../terminal/follow.js";
import { forecastText, stepText } from "../terminal/forecast.js";
import { interruptible, throwIfStopped } from "../terminal/interruption.js";
import { listening } from "../terminal/listener.js";
import { type Json, jsonOption, print } from "../terminal/print.js";
import { say } from "../terminal/progress.js";
import { finish } from "../terminal/summary.js";

export const command = () =>
  new Command("train")
    .description("train a network and evaluate it")
    .option("--preset <preset>", "a built-in preset, or the path of a YAML file", "streets")
    .option("--method <method>", "source-only, minent, cfcontra or another (docs/methods.md)")
    .option("--seed <n>", "seed of weights and order", whole("--seed"))
    .option("--steps <n>", "training steps", whole("--steps"))
    .option("--out <folder>", "run folder; runs/<preset>-<method>-<seed> when omitted")
    .option(
      "--dry-run",
      "print configuration, and estimate size, memory and time by three steps; saves nothing",
    )
    .option("--resume <run>", "resume an interrupted run, under its own configuration")
    .option(
      "--processes <n>",
      "train in this many processes on this host, data parallel",
      whole("--processes"),
    )
    .option("--timeout <seconds>", "time a process waits for the others", whole("--timeout"), 600)
    .addOption(jsonOption())
    .addOption(setOption())
    .addOption(dataOption())
    .addHelpText(
      "after",
      `
Examples:
  cfcontra train --preset streets --method cfcontra
  cfcontra train --preset camvid-dusk --method minent --seed 2 --data ~/data
  cfcontra train --preset streets --set train.rate=0.005 --set sizes.source=[256,128]
  cfcontra train --resume runs/streets-cfcontra-1
  cfcontra train --preset streets --processes 2    (torchrun, Slurm, Kubernetes: docs/scale.md)

The run folder holds config.yaml, metrics.jsonl, checkpoints/, previews/, result.json and more:
docs/run-folder.md.
Ctrl-C saves a checkpoint; --resume continues from it.`,
    )
    .action(train);

interface TrainOptions {
  readonly preset: string;
  readonly method?: string;
  readonly seed?: number;
  readonly steps?: number;
  readonly out?: string;
  readonly resume?: string;
  readonly dryRun?: boolean;
  readonly json?: Json;
  readonly processes?: number;
  /** Seconds that a process waits for the others. */
  readonly timeout: number;
  readonly set: readonly string[];
  readonly data: string;
}

/** Trains in this process, in several that it starts, or as one of several that were started together. */
async function train(options: TrainOptions, self: Command): Promise<void> {
  const { preset, processes, resume, data, json } = options;
  const { besideRuns, configuration, nameOf, requireNewRun, requireRead, runConfig, trainChain } =
    await import("../../experiment/index.js");
  const { placeOf } = await import("../../train/index.js");
  const place = placeOf(process.env);
  const config =
    resume === undefined
      ? configuration(options)
      : runConfig(resume, await resumed(resume, options, self));
  requireRead(config, options.set);
  if (options.dryRun) return dryRun(config, options);
  const { method, train } = config;
  const out = resume ?? options.out ?? join("runs", `${nameOf(preset)}-${method}-${train.seed}`);
  const rank = place?.rank ?? 0;
  if (rank === 0 && resume === undefined) requireNewRun(out);
  if (processes !== undefined && !isLaunched()) {
    requireUnlaunched(processes, place);
    process.exitCode = await launch(processes);
    return;
  }
  const device = place && (await ownDevice(config, place));
  const group = place && (await meetOthers(place, options.timeout, config));
  const ended = await interruptible((signal) =>
    listening((listener) => {
      const events = trainChain({
        ...{ config, out, data, group, device, listener, signal, resume: resume !== undefined },
        beside: besideRuns(preset, train.seed, dirname(out)),
      });
      return follow(events, { out, quiet: rank > 0 });
    }),
  );
  if (ended) finish(ended, json, rank, out);
}

/** Settings of what a run keeps from its first step: its weights, the coarse stage's statistics and coder. */
const AT_START = /^(network\.(weights|weightsFor|init)|pretrain|after|style)(\.|$)/;

/** Whether a key is one of them. Where weights came from (`pretrain.run`) can be set, if it has moved. */
const isOfStart = (key: string) => AT_START.test(key) && !key.endsWith(".run");

/** The changes of `--resume` to a run. @throws UserError for an option that would have no effect */
async function resumed(
  run: string,
  { set, steps }: TrainOptions,
  self: Command,
): Promise<{ set: readonly string[] }> {
  const { assignedKeys, requireSetOnce } = await import("../../experiment/index.js");
  const { checkpoints } = await import("../../train/index.js");
  const idle = givenOf(self, ["preset", "method", "seed", "out", "data"]);
  if (idle !== "") {
    throw new UserError(
      "conflicting-options",
      `--resume continues a run under its own configuration: leave out ${idle}, or change a key ` +
        "with --set",
    );
  }
  requireSetOnce(set, { "train.steps": steps });
  const late = set.find((one) => assignedKeys(one).some(isOfStart));
  if (late !== undefined && checkpoints(run).length > 0) {
    throw new UserError(
      "conflicting-options",
      `--set ${late}: a resumed run keeps the weights and the coarse stage that it started with; leave it out, or ` +
        "start a new run with --out",
    );
  }
  return { set: steps === undefined ? set : [...set, `train.steps=${steps}`] };
}

/** Prints the configuration, each measured step, and the estimate. */
async function dryRun(config: Config, { data, json, processes }: TrainOptions): Promise<void> {
  const { forecast } = await import("../../experiment/index.js");
  if (json !== true) process.stdout.write(`${stringify(config)}\n`);
  if ((processes ?? 1) > 1) say("the estimate is for one process");
  const found = await interruptible((signal) =>
    listening((listener) =>
      forecast(config, data, { ...listener, signal }, (seconds, step) => {
        say(stepText(seconds, step, config.train.steps));
        throwIfStopped(signal);
      }),
    ),
  );
  print(forecastText(found), () => found, json);
}

function requireUnlaunched(processes: number, place: LocalPlace | undefined): void {
  if (place === undefined) return;
  throw new UserError(
    "conflicting-options",
    `--processes ${processes} starts processes, but this is one of ${place.size} that were ` +
      "started already (RANK, WORLD_SIZE or Slurm's variables are set); leave the option out",
  );
}

async function meetOthers(
  place: LocalPlace,
  timeout: number,
  { train: { device } }: Config,
): Promise<ProcessGroup> {
  const { isShared, joinProcessGroup } = await import("../../torch/index.js");
  const { rank, size, host, port } = place;
  if (rank === 0) say(`${size} processes meet at ${host}:${port}`);
  // NCCL refuses two processes on one GPU.
  const throughCpu = isShared(device) && process.env.LOCAL_WORLD_SIZE !== "1";
  return joinProcessGroup(place, timeout, { throughCpu });
}

/** The device of this process. Makes it the current device, before any allocation. */
async function ownDevice({ train }: Config, { localRank }: LocalPlace): Promise<string> {
  const { deviceOfProcess, useDevice } = await import("../../torch/index.js");
  const device = deviceOfProcess(train.device, { localRank, env: process.env }, "train.device");
  useDevice(device, train);
  return device;
}
