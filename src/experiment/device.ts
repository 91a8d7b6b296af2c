import { deviceNamed, useDevice } from "../torch/index.js";
import type { Config } from "./config.js";

/**
 * The device of a configuration on this machine, "cpu" or "cuda:N", which becomes the current one. Call it
 * before anything is allocated.
 * @throws UserError if it does not exist
 */
export function takeDevice({ train }: Pick<Config, "train">): string {
  const device = deviceNamed(train.device, "train.device");
  useDevice(device, train);
  return device;
}

/** The configuration with the device of this machine in place of `auto` and `cuda`. */
export function onDevice(config: Config, name = config.train.device): Config {
  const device = takeDevice({ train: { ...config.train, device: name } });
  return { ...config, train: { ...config.train, device } };
}
