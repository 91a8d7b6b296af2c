import { resolve } from "node:path";
import type { Dataset } from "../datasets/dataset.js";
import { UserError } from "../errors.js";
import type { Method, MethodContext } from "../methods/index.js";
import { methods } from "../methods/index.js";
import { deeplabV2, type Network } from "../network/index.js";
import { heInit, normalInit } from "../nn/index.js";
import { hasCuda, libtorchVersion } from "../torch/index.js";
import type { Config } from "./config.js";
import { open, openEvaluationSets } from "./measure.js";

/** The configuration with data roots that start from `base` made absolute: a run can move. */
export function withAbsoluteRoots(config: Config, base: string): Config {
  const absolute = (spec: Config["source"]): Config["source"] =>
    typeof spec.root === "string" ? { ...spec, root: resolve(base, spec.root) } : spec;
  const { weights } = config.network;
  const { coder } = config.style;
  const files =
    typeof coder === "object"
      ? {
          encoder: resolve(coder.encoder),
          ...(coder.decoder !== undefined && { decoder: resolve(coder.decoder) }),
        }
      : coder !== undefined && resolve(coder);
  return {
    ...config,
    style: files ? { ...config.style, coder: files } : config.style,
    network:
      weights === undefined ? config.network : { ...config.network, weights: resolve(weights) },
    source: absolute(config.source),
    target: absolute(config.target),
    evaluate: Object.fromEntries(
      Object.entries(config.evaluate).map(([name, spec]) => [name, absolute(spec)]),
    ),
  };
}

/** The data sets of a configuration. The target is opened without its labels. */
export async function openDomains(
  config: Config,
): Promise<{ source: Dataset; target: Dataset; evaluate: Map<string, Dataset> }> {
  const here = process.cwd();
  const source = await open({ ...config.source, labelled: true }, here);
  const target = await open({ ...config.target, labelled: false }, here);
  const evaluate = await openEvaluationSets(config, here);
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

/** @throws UserError where the configuration wants a GPU that libtorch does not find */
export function requireDevice({ train: { device } }: Config): void {
  if (!device.startsWith("cuda") || hasCuda()) return;
  throw new UserError(
    `train.device is ${device}, but libtorch ${libtorchVersion} has no CUDA, or finds no device: ` +
      "build with pip's torch for CUDA, or use cpu",
  );
}

/** The network of a configuration, its weights fresh from libtorch's generator. */
export function buildNetwork(config: Config, classes: number): Network {
  requireDevice(config);
  const { network, train } = config;
  const init = network.init === "he" ? heInit : normalInit(0.01);
  return deeplabV2({ ...network, classes, init, device: train.device });
}

/** The method of a configuration over a network. */
export function buildMethod(
  { method: name, options, train }: Config,
  network: Network,
  told: Pick<MethodContext, "classNames" | "group" | "warn">,
): Method {
  const { options: schema, create } = methods[name];
  const own = schema.parse(options[name] ?? {});
  return create({ network, ...train, ...told }, own as never);
}
