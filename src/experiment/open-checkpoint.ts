import { existsSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
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

/** A trained network with what its run or its file says of it. */
export interface Trained {
  readonly config: Config;
  /** The metadata of its checkpoint; of other files the classes alone, those of the configuration. */
  readonly info: Pick<CheckpointInfo, "classes"> & Partial<CheckpointInfo>;
  /** For tables: its method, or the name of its file. */
  readonly name: string;
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
  if (isOtherFile(path)) {
    throw new UserError(
      "not-a-run",
      `${path} is not a checkpoint in a run folder; for a file of weights, name the preset whose network it is (--preset)`,
    );
  }
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
    return {
      config,
      info,
      name: info.method,
      network,
      ...(ema !== undefined && { ema }),
      stage,
      dispose: free,
    };
  } finally {
    dispose(checkpoint.tensors);
  }
}

/** Whether a path is a file outside of a run folder's checkpoints. */
const isOtherFile = (path: string): boolean =>
  statSync(path, { throwIfNoEntry: false })?.isFile() === true &&
  !existsSync(join(dirname(dirname(path)), "config.yaml"));

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
export function requireClasses(
  info: Trained["info"],
  name: string,
  found: readonly string[],
): void {
  if (info.classes.join() === found.join()) return;
  throw new UserError(
    "class-mismatch",
    `the network was trained for ${info.classes.join(", ")}, but ${name} has ` +
      `${found.join(", ")}; evaluate it on the classes it was trained for`,
  );
}
