import { existsSync } from "node:fs";
import { basename, join } from "node:path";
import { UserError } from "../../errors.js";
import type { Config } from "../../experiment/config.js";
import { configuration, runConfig } from "../../experiment/presets.js";
import { afterPretraining } from "../../experiment/pretrain.js";
import { run } from "../../experiment/run.js";
import { alone, joinProcessGroup, type ProcessGroup } from "../../torch/index.js";
import { type LocalPlace, placeOf } from "../../train/index.js";
import { dryRun } from "../dry-run.js";
import { isLaunched, launch } from "../launch.js";
import type { Json } from "../terminal/print.js";
import { say } from "../terminal/progress.js";
import { finish } from "../terminal/summary.js";

export interface TrainOptions {
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

/** `cfcontra train`: in this process, in several that it starts, or as one of several started alike. */
export async function train(options: TrainOptions): Promise<void> {
  const { processes, resume, data, json } = options;
  const place = placeOf(process.env);
  const config = resume === undefined ? configuration(options) : runConfig(resume, options.set);
  if (options.dryRun) return dryRun(config, data, json);
  const name = basename(options.preset, ".yaml");
  const { method, train } = config;
  const out = resume ?? options.out ?? join("runs", `${name}-${method}-${train.seed}`);
  const first = place === undefined || place.rank === 0;
  if (first && resume === undefined && existsSync(join(out, "config.yaml"))) {
    throw new UserError(
      `${out} holds a run already: --resume ${out} goes on with it, --out chooses another folder`,
    );
  }
  if (processes !== undefined && !isLaunched()) {
    if (place === undefined) {
      process.exitCode = await launch(processes);
      return;
    }
    throw new UserError(
      `--processes ${processes} starts processes, but this is one of ${place.size} that were ` +
        "started already (RANK, WORLD_SIZE or Slurm's variables are set); leave the option out",
    );
  }
  const group = place ? await meetOthers(place, options.timeout) : alone;
  const own = place ? onDevice(config, place) : config;
  const resuming = resume !== undefined;
  const ready = resuming ? own : await afterPretraining(own, options, out, group);
  if (!ready) return;
  finish(await run({ config: ready, out, data, resume: resuming, group }), out, json, group);
}

async function meetOthers(place: LocalPlace, timeout: number): Promise<ProcessGroup> {
  const { rank, size, host, port } = place;
  if (rank === 0) say(`${size} processes meet at ${host}:${port}`);
  return joinProcessGroup(place, timeout);
}

/** Of the host's GPUs each process has its own. */
function onDevice(config: Config, { localRank }: LocalPlace): Config {
  const device = config.train.device.replace(/^cuda(:\d+)?$/, `cuda:${localRank}`);
  return { ...config, train: { ...config.train, device } };
}
