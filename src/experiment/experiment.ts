import { dirname, join } from "node:path";
import type { ProcessGroup } from "../torch/index.js";
import type { Config } from "./config.js";
import { type Domains, type EvaluationSets, openDomains, withAbsoluteRoots } from "./domains.js";
import {
  besideRuns,
  type EarlierRun,
  makeEarlier,
  pretrainingOf,
  trainChain,
} from "./earlier-runs.js";
import { type Forecast, forecast } from "./forecast.js";
import { consoleListener, type Listener } from "./listener.js";
import { type Changes, configuration, nameOf, type Preset } from "./presets.js";
import { type RestyleOptions, type RestyleResult, restyle } from "./restyle.js";
import type { RunEvent } from "./run.js";
import { requireRead } from "./unread-settings.js";

/** Changes of a preset, and the location of its data. */
export interface ExperimentOptions extends Changes {
  /** Default: the preset's method. */
  readonly method?: string | undefined;
  /** The folder of relative data roots. Default: the working directory. */
  readonly data?: string | undefined;
  readonly listener?: Listener | undefined;
}

/** Options of `train`. */
export interface TrainOptions {
  /** The run folder. Default: runs/<preset>-<method>-<seed>. */
  readonly out?: string | undefined;
  /** Resume from the newest checkpoint of `out`, or the earlier run in which its training was stopped. */
  readonly resume?: boolean | undefined;
  /** The processes that train together. Default: only this one. */
  readonly group?: ProcessGroup | undefined;
  /** The device of this process. Default: the configuration's. */
  readonly device?: string | undefined;
  /** On abort, the run finishes its step, saves a checkpoint and ends incomplete. */
  readonly signal?: AbortSignal | undefined;
}

/** An experiment: a checked configuration, with functions to train and measure it. */
export interface Experiment {
  readonly config: Config;
  /** The default run folder of `train`. */
  readonly out: string;
  /** Opens the data sets. The target does not have labels. */
  domains(): Promise<Domains & { readonly evaluate: EvaluationSets }>;
  /**
   * Trains, step by step: first the pretraining and the run named by `after`, if the configuration has
   * them and they are not complete, then the method. Leaving the iteration saves a checkpoint.
   * @throws UserError for invalid data, weights or settings, for a loss that is not finite, if `out` contains a run
   *   without `resume`, and if there is nothing to resume with it
   */
  train(options?: TrainOptions): AsyncGenerator<RunEvent, void, undefined>;
  /** Only the pretraining. Does nothing if there is none, or it is complete. */
  pretrain(
    options?: Omit<TrainOptions, "out" | "resume">,
  ): AsyncGenerator<RunEvent, void, undefined>;
  /** The folder and state of the pretraining; undefined if there is none. */
  pretraining(): EarlierRun | undefined;
  /** The coarse stage: writes a restyled copy of a data set. */
  restyle(options: RestyleOptions): Promise<RestyleResult>;
  /** Estimates time and memory of a run by a few steps. Saves nothing. */
  forecast(onStep?: (seconds: number, step: number) => void): Promise<Forecast>;
}

/**
 * Opens an experiment: a preset by name, a YAML file by path, or an object.
 *
 *     const experiment = openExperiment("streets", { method: "cfcontra" });
 *     for await (const event of experiment.train()) {
 *       if (event.type === "evaluation") console.log(event.step, event.scores);
 *     }
 *
 * @throws UserError with the key that is wrong
 */
export function openExperiment(
  preset: string | Preset,
  options: ExperimentOptions = {},
): Experiment {
  const { data = process.cwd(), listener = consoleListener, ...changes } = options;
  const config = configuration({ preset, ...changes });
  requireRead(config, changes.set);
  const { seed } = config.train;
  const usual = join("runs", `${nameOf(preset)}-${config.method}-${seed}`);
  const beside = (out: string) => besideRuns(preset, seed, dirname(out));
  const pretraining = () => pretrainingOf(config, beside(usual), data);
  return {
    config,
    out: usual,
    domains: () => openDomains(withAbsoluteRoots(config, data), listener),
    train({ out = usual, ...own } = {}) {
      return trainChain({ config, data, listener, out, beside: beside(out), ...own });
    },
    async *pretrain(own = {}) {
      const found = pretraining();
      if (found) yield* makeEarlier(found, { data, listener, section: "pretrain", ...own });
    },
    pretraining,
    restyle: (own) => restyle(withAbsoluteRoots(config, data), own, listener),
    forecast: (onStep) => forecast(config, data, listener, onStep),
  };
}
