import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Dataset } from "../datasets/dataset.js";
import { writing } from "../errors.js";
import {
  CAPTURED_CALL,
  capturesSteps,
  type DeviceMemory,
  deviceMebibytes,
  resetDevicePeak,
} from "../torch/index.js";
import { trainingSteps } from "../train/index.js";
import type { Config } from "./config.js";
import { onDevice } from "./device.js";
import { withAbsoluteRoots } from "./domains.js";
import type { Listener } from "./listener.js";
import { prepare } from "./prepare.js";
import { hasRun, peakMemory } from "./run.js";

/** Number of timed steps. */
const MEASURED_STEPS = 3;
/** Steps before them: one, or with CUDA graphs those up to the one that is captured. */
const warmUp = (device: string): number => (capturesSteps(device) ? CAPTURED_CALL : 1);

/** The estimated time and memory of a run. */
export interface Forecast {
  readonly config: Config;
  readonly source: Counted;
  readonly target: Counted;
  readonly labelledTarget?: Counted;
  readonly evaluate: Readonly<Record<string, Counted>>;
  readonly parameters: { readonly all: number; readonly trained: number };
  /** In MiB. */
  readonly peakMemory: number;
  /** Memory of the GPU in MiB; only on a GPU. */
  readonly gpuMemory?: DeviceMemory;
  readonly secondsPerStep: number;
  /** The number of steps of that median. */
  readonly measuredSteps: number;
  /** Time of all steps, without evaluation. */
  readonly seconds: number;
}

/** The size of a data set. */
export interface Counted {
  readonly name: string;
  readonly images: number;
}

/**
 * Estimates time and memory of a run by a few real steps on its data. Work that the method does once
 * before the first step (first prototypes) is not included. Saves nothing.
 * @param onStep called after every step, including those that are not timed
 */
export async function forecast(
  raw: Config,
  data: string,
  listener: Listener,
  onStep: (seconds: number, step: number) => void = () => {},
): Promise<Forecast> {
  const temporary = tmpdir();
  const scratch = writing(temporary, () => mkdtempSync(join(temporary, "cfcontra-dry-run-")));
  try {
    const config = onDevice(withAbsoluteRoots(raw, data));
    resetDevicePeak(config.train.device);
    const parts = await prepare(withoutMissingRuns(config), scratch, { listener });
    try {
      const { before: _, ...method } = parts.method;
      const { source, target, labelledTarget, evaluate } = parts.domains;
      const { all, trainable } = parts.network.parameters;
      const times: number[] = [];
      const unmeasured = warmUp(config.train.device);
      const count = unmeasured + MEASURED_STEPS;
      // The last steps, which compute everything that a method has after its warm-up.
      const start = Math.max(0, config.train.steps - count);
      const loop = { ...parts.loop, method, start, steps: start + count };
      for await (const { seconds } of trainingSteps(loop)) {
        times.push(seconds);
        onStep(seconds, times.length);
      }
      const secondsPerStep = median(times.slice(unmeasured));
      return {
        config,
        source: counted(source),
        target: counted(target),
        ...(labelledTarget && { labelledTarget: counted(labelledTarget) }),
        evaluate: Object.fromEntries([...evaluate].map(([name, set]) => [name, counted(set)])),
        parameters: { all: sizeOf(all.values()), trained: sizeOf(trainable.values()) },
        peakMemory: peakMemory(),
        ...deviceMebibytes(config.train.device),
        secondsPerStep,
        measuredSteps: MEASURED_STEPS,
        seconds: secondsPerStep * config.train.steps,
      };
    } finally {
      parts.records?.status.end("stopped"); // so that nothing writes to the removed folder
      parts.dispose();
    }
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** A configuration without the folders of the earlier runs that the training would create. */
function withoutMissingRuns(config: Config): Config {
  const existing = <T extends { readonly run?: string | undefined }>({ run, ...rest }: T) =>
    run !== undefined && hasRun(run) ? { ...rest, run } : rest;
  const { pretrain, after } = config;
  return {
    ...config,
    ...(pretrain && { pretrain: existing(pretrain) }),
    ...(after?.method && { after: existing(after) }),
  };
}

const counted = ({ name, names }: Dataset): Counted => ({ name, images: names.length });

const sizeOf = (tensors: Iterable<{ readonly shape: readonly number[] }>): number =>
  [...tensors].reduce((sum, { shape }) => sum + shape.reduce((n, side) => n * side, 1), 0);

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] as number;
