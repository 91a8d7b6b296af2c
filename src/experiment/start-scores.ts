import { basename } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { evaluatedAlike, startOf } from "../report/baseline.js";
import { completeRun } from "../report/find-baseline.js";
import type { SetScores } from "../report/run-files.js";
import { checkpoints } from "../train/index.js";
import { stepName } from "../train/step-name.js";
import type { Config } from "./config.js";

/**
 * The scores of the network that a run starts with, from the result of the run that trained it: without
 * evaluating again. undefined unless it is a complete run that was evaluated alike, by the same network.
 * A run with `train.ema` has the scores of its running average, from which no run starts.
 */
export function startScores(
  config: Config,
  classes: readonly string[],
): Readonly<Record<string, SetScores>> | undefined {
  const start = startOf(config);
  const run = start === undefined ? undefined : completeRun(start);
  if (!run?.result || !start) return undefined;
  const newest = checkpoints(start).at(-1);
  const same =
    newest !== undefined &&
    run.result.ema === undefined &&
    basename(newest).startsWith(`${stepName(run.result.steps)}.`) &&
    evaluatedAlike(config, run.config) &&
    isDeepStrictEqual(run.result.classes, classes) &&
    isDeepStrictEqual(predicting(config), predicting(run.config));
  if (!same) return undefined;
  const sets = Object.entries(run.result.scores).filter(([set]) =>
    Object.hasOwn(config.evaluate, set),
  );
  return Object.fromEntries(sets);
}

/** What decides predictions, besides weights and images. */
function predicting({ network, style, train }: Pick<Config, "network" | "style" | "train">) {
  const { weights: _, head: __, init: ___, ...own } = network;
  return { own, precision: train.precision, stage: style.domains === "both" ? style : undefined };
}
