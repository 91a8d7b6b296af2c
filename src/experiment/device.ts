import { type DeviceArithmetic, deviceNamed, useDevice } from "../torch/index.js";
import type { Config } from "./config.js";

/** The settings of a GPU's arithmetic for training. cuDNN times its algorithms unless it is deterministic. */
export const arithmeticOf = ({
  train,
}: {
  readonly train: Pick<Config["train"], keyof Omit<DeviceArithmetic, "channelsLast"> | "precision">;
}): Required<DeviceArithmetic> => {
  const { tf32, deterministic, benchmark = !deterministic, precision, graphs } = train;
  // The order in which pooling adds its gradients with channels last is not documented.
  const channelsLast = precision === "bfloat16" && !deterministic;
  return { tf32, deterministic, benchmark, channelsLast, graphs };
};

/**
 * The device of a configuration on this machine, "cpu" or "cuda:N". Makes it the current device: call it
 * before any allocation.
 * @throws UserError if it does not exist
 */
export function takeDevice({ train }: Pick<Config, "train">): string {
  const { benchmark: _, ...arithmetic } = arithmeticOf({ train });
  const device = deviceNamed(train.device, "train.device");
  useDevice(device, arithmetic);
  return device;
}

/**
 * The configuration of a training with a device of this machine instead of `auto` and `cuda`. Makes it the
 * current device.
 * @throws UserError if it does not exist
 */
export function onDevice(config: Config, name = config.train.device): Config {
  const device = deviceNamed(name, "train.device");
  useDevice(device, arithmeticOf(config));
  return { ...config, train: { ...config.train, device } };
}
