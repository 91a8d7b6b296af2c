import { UserError } from "../errors.js";
import { createMethod, type Method, type MethodContext } from "../methods/index.js";
import { createNetwork, type Network } from "../network/index.js";
import { heInit, normalInit } from "../nn/index.js";
import { hasCuda, libtorchVersion } from "../torch/index.js";
import type { Config } from "./config.js";

/** @throws UserError where the configuration wants a GPU that libtorch does not find */
export function requireDevice({ train: { device } }: Config): void {
  if (!device.startsWith("cuda") || hasCuda()) return;
  throw new UserError(
    "no-device",
    `train.device is ${device}, but libtorch ${libtorchVersion} has no CUDA, or finds no device: ` +
      "build with pip's torch for CUDA, or use cpu",
  );
}

/** The network of a configuration, its weights fresh from libtorch's generator. */
export function buildNetwork(config: Config, classes: number): Network {
  requireDevice(config);
  const { network, train } = config;
  const init = network.init === "he" ? heInit : normalInit(0.01);
  return createNetwork({ ...network, classes, init, device: train.device });
}

/** The method of a configuration over a network. */
export const buildMethod = (
  { method, options, train, labelledTarget }: Config,
  network: Network,
  told: Pick<MethodContext, "classNames" | "group" | "warn">,
): Method =>
  createMethod(method, network, options[method] ?? {}, {
    ...train,
    labelledWeight: labelledTarget?.weight,
    ...told,
  });
