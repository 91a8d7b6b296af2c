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

/** What is changed of a preset, and where its data lie. */
export interface ExperimentOptions extends Changes {
  /** Instead of the preset's. */
  readonly method?: string | undefined;
  /** Where relative data roots start from; the working folder by default. */
  readonly data?: string | undefined;
  readonly listener?: Listener | undefined;
}

/** Where a training writes, and how it is driven. */
export interface TrainOptions {
  /** The run folder; runs/<preset>-<method>-<seed> by default. */
  readonly out?: string | undefined;
  /** Resume from the newest checkpoint of `out`. */
  readonly resume?: boolean | undefined;
  /** The processes that train together; this one alone by default. */
  readonly group?: ProcessGroup | undefined;
  /** Aborted, the run finishes its step, saves a checkpoint and ends incomplete. */
  readonly signal?: AbortSignal | undefined;
}

/** An experiment: a checked configuration and what can be done with it. */
export interface Experiment {
  readonly config: Config;
  /** The run folder that `train` uses unless told otherwise. */
  readonly out: string;
  /** Opens the data sets. The target comes without labels. */
  domains(): Promise<Domains & { readonly evaluate: EvaluationSets }>;
  /**
   * Trains, step by step: first the pretraining and the run named by `after`, if the configuration has
   * them and they are not complete, then the method. Leaving the iteration saves a checkpoint.
   * @throws UserError for faulty data, weights or settings, and for a loss that is not finite
   */
  train(options?: TrainOptions): AsyncGenerator<RunEvent, void, undefined>;
  /** The pretraining alone; nothing where there is none, or it is complete. */
  pretrain(
    options?: Omit<TrainOptions, "out" | "resume">,
  ): AsyncGenerator<RunEvent, void, undefined>;
  /** Where the pretraining lies and whether it is complete; undefined without one. */
  pretraining(): EarlierRun | undefined;
  /** The coarse stage: writes a restyled copy of a data set. */
  restyle(options: RestyleOptions): Promise<RestyleResult>;
  /** Measures time and memory of a run by a few steps; nothing is kept. */
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
 * @throws UserError naming a key that is wrong
 */
export function openExperiment(
  preset: string | Preset,
  options: ExperimentOptions = {},
): Experiment {
  const { data = process.cwd(), listener = consoleListener, ...changes } = options;
  const config = configuration({ preset, ...changes });
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
