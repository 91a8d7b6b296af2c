import { existsSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { classSetOf } from "../datasets/class-sets.js";
import type { ClassSet } from "../datasets/dataset.js";
import { UserError } from "../errors.js";
import type { Stage } from "../evaluate/index.js";
import type { Network } from "../network/index.js";
import { readClasses } from "../report/run-files.js";
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
import { takeDevice } from "./device.js";
import { type Changes, runConfig } from "./presets.js";
import { requireReadByTrained } from "./unread-settings.js";

/** A trained network with the settings of its run, or of the preset that its file belongs to. */
export interface Trained {
  readonly config: Config;
  /** The metadata of its checkpoint; for other files only the classes of the configuration. */
  readonly info: Pick<CheckpointInfo, "classes"> & Partial<CheckpointInfo>;
  /** For tables: its method, or the name of its file. */
  readonly name: string;
  /** The classes of the network, in the colours that the run was trained with. */
  readonly classes: ClassSet;
  readonly network: Network;
  /** `train.ema`, if the network is the running average of the trained one. */
  readonly ema?: number;
  /** The coarse stage of its predictions. */
  readonly stage: Stage | undefined;
  dispose(): void;
}

/**
 * Opens the newest checkpoint of a run folder, or the checkpoint file itself. The caller disposes it.
 * @throws UserError if there is none, it does not fit the configuration, or a change is only for training
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
  requireReadByTrained("run", config, changes.set);
  takeDevice(config);
  const checkpoint = readCheckpoint(file);
  try {
    const { info } = checkpoint;
    const classes = classesOf(folder, info);
    const { stage, dispose: disposeStage } = openStage(config, folder, info.stage);
    const network = buildNetwork(config, info.classes.length);
    const free = () => {
      disposeStage();
      dispose(network.parameters.all);
    };
    try {
      loadNetwork(file, checkpoint, network, averageOf(file, config, info));
    } catch (error) {
      free();
      throw error;
    }
    const { ema } = config.train;
    const { method: name } = info;
    const trained = { config, info, name, classes, network, stage, dispose: free };
    return ema === undefined ? trained : { ...trained, ema };
  } finally {
    dispose(checkpoint.tensors);
  }
}

/** The class set that a run folder holds; of known colours if it holds none of these names. */
function classesOf(folder: string, { classes }: CheckpointInfo): ClassSet {
  const own = readClasses(folder);
  return own?.names.join() === classes.join() ? own : classSetOf(classes);
}

/** Whether a path is a file outside of a run folder's checkpoints. */
const isOtherFile = (path: string): boolean =>
  statSync(path, { throwIfNoEntry: false })?.isFile() === true &&
  !existsSync(join(dirname(dirname(path)), "config.yaml"));

/**
 * The running average of a checkpoint that a configuration evaluates; undefined for the network itself.
 * @throws UserError if the checkpoint does not have one, or has another decay
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
      `${found.join(", ")}; use a data set with the same classes`,
  );
}
