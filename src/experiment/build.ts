import { totalmem } from "node:os";
import { UserError } from "../errors.js";
import { createMethod, type Method, type MethodContext } from "../methods/index.js";
import { createNetwork, type Network } from "../network/index.js";
import { heInit, normalInit } from "../nn/index.js";
import type { Config } from "./config.js";
import { takeDevice } from "./device.js";

/**
 * @throws UserError if the images of one step and the first feature maps, a small part of the memory of a
 *   step, are larger than the memory of this machine
 */
export function requireMemory({ sizes, train, network }: Config): void {
  if (train.device !== "cpu") return;
  const pixels = [sizes.source, sizes.target].map(({ width, height }) => width * height);
  const largest = Math.max(...pixels) * train.batch;
  const bytes = largest * (3 * 4 + 16 * network.width * 4); // float32 RGB; 64 channels at stride 2
  if (bytes < totalmem()) return;
  const gibi = (value: number) => `${Math.ceil(value / 2 ** 30)} GiB`;
  throw new UserError(
    "out-of-memory",
    `a step takes more than ${gibi(bytes)}, but this machine has ${gibi(totalmem())}: set a smaller ` +
      "train.batch, or smaller sizes.source and sizes.target",
  );
}

/**
 * The network of a configuration, with random weights from libtorch's generator.
 * @throws UserError if its device does not exist
 */
export function buildNetwork(config: Config, classes: number): Network {
  const device = takeDevice(config);
  const { network } = config;
  const init = network.init === "he" ? heInit : normalInit(0.01);
  return createNetwork({ ...network, classes, init, device });
}

/** The method of a configuration, for a network. */
export const buildMethod = (
  { method, options, train, labelledTarget }: Config,
  network: Network,
  told: Pick<MethodContext, "classNames" | "group" | "warn" | "onWeights">,
): Method =>
  createMethod(method, network, options[method] ?? {}, {
    ...train,
    labelledWeight: labelledTarget?.weight,
    ...told,
  });
