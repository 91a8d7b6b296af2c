import { createMethod, type Method, type MethodContext } from "../methods/index.js";
import { createNetwork, type Network } from "../network/index.js";
import { heInit, normalInit } from "../nn/index.js";
import type { Config } from "./config.js";
import { takeDevice } from "./device.js";

/**
 * The network of a configuration, its weights fresh from libtorch's generator.
 * @throws UserError if its device does not exist
 */
export function buildNetwork(config: Config, classes: number): Network {
  const device = takeDevice(config);
  const { network } = config;
  const init = network.init === "he" ? heInit : normalInit(0.01);
  return createNetwork({ ...network, classes, init, device });
}

/** The method of a configuration over a network. */
export const buildMethod = (
  { method, options, train }: Config,
  network: Network,
  told: Pick<MethodContext, "classNames" | "group" | "warn">,
): Method => createMethod(method, network, options[method] ?? {}, { ...train, ...told });
