import { dirname } from "node:path";
import { UserError } from "../errors.js";
import type { Stage } from "../evaluate/index.js";
import type { Network } from "../network/index.js";
import { dispose } from "../torch/index.js";
import {
  type CheckpointInfo,
  latestCheckpoint,
  loadNetwork,
  readCheckpoint,
} from "../train/index.js";
import { buildNetwork } from "./build.js";
import { openStage } from "./coarse-stage.js";
import type { Config } from "./config.js";
import { type Changes, runConfig } from "./presets.js";

/** A trained network with what its run says of it. */
export interface Trained {
  readonly config: Config;
  readonly info: CheckpointInfo;
  readonly network: Network;
  /** `train.ema`, if the network is the running average of the trained one. */
  readonly ema?: number;
  /** What its predictions do to an image first. */
  readonly stage: Stage | undefined;
  dispose(): void;
}

/**
 * Opens the newest checkpoint of a run folder, or the checkpoint file itself. The caller disposes it.
 * @throws UserError where there is none, or it does not fit the configuration
 */
export function openCheckpoint(path: string, changes: Changes = {}): Trained {
  const file = latestCheckpoint(path);
  const folder = file === path ? dirname(dirname(path)) : path;
  const config = runConfig(folder, changes);
  const checkpoint = readCheckpoint(file);
  try {
    const { stage, dispose: disposeStage } = openStage(config, folder, checkpoint.info.stage);
    const network = buildNetwork(config, checkpoint.info.classes.length);
    const free = () => {
      disposeStage();
      dispose(network.parameters.all);
    };
    try {
      loadNetwork(file, checkpoint, network, averageOf(file, config, checkpoint.info));
    } catch (error) {
      free();
      throw error;
    }
    const { ema } = config.train;
    const { info } = checkpoint;
    return { config, info, network, ...(ema !== undefined && { ema }), stage, dispose: free };
  } finally {
    dispose(checkpoint.tensors);
  }
}

/**
 * The running average of a checkpoint that a configuration evaluates; undefined for the network itself.
 * @throws UserError if the checkpoint has none, or one with another decay
 */
function averageOf(
  file: string,
  { train: { ema } }: Config,
  { average }: CheckpointInfo,
): CheckpointInfo["average"] {
  if (ema === undefined || ema === average?.decay) return ema === undefined ? undefined : average;
  const found = average
    ? `a running average with train.ema ${average.decay}`
    : "no running average";
  throw new UserError(
    "conflicting-options",
    `train.ema is ${ema}, but ${file} has ${found}; keep the run's train.ema, or use ` +
      "--set train.ema=null for the network itself",
  );
}

/** @throws UserError unless a data set has the classes that a network was trained for */
export function requireClasses(info: CheckpointInfo, name: string, found: readonly string[]): void {
  if (info.classes.join() === found.join()) return;
  throw new UserError(
    "class-mismatch",
    `the network was trained for ${info.classes.join(", ")}, but ${name} has ` +
      `${found.join(", ")}; evaluate it on the classes it was trained for`,
  );
}
