import { type DeviceArithmetic, deviceNamed, useDevice } from "../torch/index.js";
import type { Config } from "./config.js";

/** How a training computes on a GPU. cuDNN times its algorithms unless the training is deterministic. */
export const arithmeticOf = ({ train }: Pick<Config, "train">): Required<DeviceArithmetic> => {
  const { tf32, deterministic, benchmark = !deterministic } = train;
  return { tf32, deterministic, benchmark };
};

/**
 * The device of a configuration on this machine, "cpu" or "cuda:N", which becomes the current one. Call it
 * before anything is allocated.
 * @throws UserError if it does not exist
 */
export function takeDevice({ train }: Pick<Config, "train">): string {
  const { tf32, deterministic } = train;
  const device = deviceNamed(train.device, "train.device");
  useDevice(device, { tf32, deterministic });
  return device;
}

/**
 * The configuration with the device of this machine in place of `auto` and `cuda`, on which a training
 * begins.
 * @throws UserError if it does not exist
 */
export function onDevice(config: Config, name = config.train.device): Config {
  const device = deviceNamed(name, "train.device");
  useDevice(device, arithmeticOf(config));
  return { ...config, train: { ...config.train, device } };
}
