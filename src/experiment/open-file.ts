import { statSync } from "node:fs";
import { basename } from "node:path";
import { classesOf } from "../datasets/open.js";
import { UserError } from "../errors.js";
import { dispose, manualSeed } from "../torch/index.js";
import { loadTrained } from "../train/index.js";
import { buildNetwork } from "./build.js";
import type { Config } from "./config.js";
import type { Listener } from "./listener.js";
import type { Trained } from "./open-checkpoint.js";

/**
 * The network of a configuration with the weights of a file, without a coarse stage. The caller disposes
 * it.
 * @throws UserError if they do not fit, or if the file is a run folder, which has a configuration
 */
export function openFile(file: string, config: Config, { note }: Listener): Trained {
  if (statSync(file, { throwIfNoEntry: false })?.isDirectory()) {
    throw new UserError(
      "conflicting-options",
      `${file} is a folder: a run has its own configuration, so leave the preset out, or name a file`,
    );
  }
  const classes = classesOf(config.source);
  manualSeed(config.train.seed);
  const network = buildNetwork(config, classes.names.length);
  const free = () => dispose(network.parameters.all);
  try {
    note(loadTrained(file, network, classes.names));
  } catch (error) {
    free();
    throw error;
  }
  const name = basename(file).replace(/(\.safetensors|\.pth|\.pt|\.pth\.tar)$/, "");
  const info = { classes: classes.names };
  return { config, info, name, classes, network, stage: undefined, dispose: free };
}
