import { resolve } from "node:path";
import type { Dataset } from "../datasets/dataset.js";
import { openDataset } from "../datasets/open.js";
import { UserError } from "../errors.js";
import type { Method } from "../methods/index.js";
import { methods } from "../methods/index.js";
import { deeplabV2, type Network } from "../network/index.js";
import { heInit, normalInit } from "../nn/index.js";
import { hasCuda } from "../torch/index.js";
import type { Config } from "./config.js";

/** The data sets of a configuration; relative roots start from `base`. */
export async function openDomains(
  config: Config,
  base: string,
): Promise<{ source: Dataset; target: Dataset; evaluate: Map<string, Dataset> }> {
  const open = (spec: object) => openDataset(spec, resolve(base));
  const source = await open({ ...config.source, labelled: true });
  const target = await open({ ...config.target, labelled: false });
  const evaluate = new Map<string, Dataset>();
  for (const [name, spec] of Object.entries(config.evaluate)) {
    evaluate.set(name, await open({ ...spec, labelled: true }));
  }
  const classes = source.classes.names.join(", ");
  for (const [name, dataset] of [["target", target] as const, ...evaluate]) {
    const theirs = dataset.classes.names.join(", ");
    if (theirs !== classes) {
      throw new UserError(
        `source and ${name} differ in their classes (${classes}; ${theirs}); give both the same ` +
          "`classes`, and a `mapping` where their ids differ",
      );
    }
  }
  return { source, target, evaluate };
}

/** The network of a configuration, its weights fresh from libtorch's generator. */
export function buildNetwork({ network, train }: Config, classes: number): Network {
  if (train.device.startsWith("cuda") && !hasCuda()) {
    throw new UserError(`train.device is ${train.device}, but this libtorch has no CUDA; use cpu`);
  }
  const init = network.init === "he" ? heInit : normalInit(0.01);
  return deeplabV2({ ...network, classes, init, device: train.device });
}

/** The method of a configuration over a network. */
export function buildMethod(
  { method: name, options, train }: Config,
  network: Network,
  warn: (sentence: string) => void,
): Method {
  const { options: schema, create } = methods[name];
  const own = schema.parse(options[name] ?? {});
  return create({ network, ...train, warn }, own as never);
}
