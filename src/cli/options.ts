import { Option } from "commander";
import { UserError } from "../errors.js";

const collect = (value: string, before: string[]) => [...before, value];

/** A whole number 0, 1, 2, ... as the value of an option. */
export const whole = (value: string): number => {
  if (/^\d+$/.test(value)) return Number(value);
  throw new UserError("invalid-value", `${value} is not a whole number (0, 1, 2, ...)`);
};

/** `--set`, of commands with a configuration. */
export const setOption = () =>
  new Option("--set <key=value>", "change one key of the configuration; may be repeated")
    .argParser(collect)
    .default([], "none");

/** `--preset`, of commands that read a file of weights instead of a run. */
export const weightsPresetOption = () =>
  new Option(
    "--preset <preset>",
    "for a file of weights instead of a run: the preset with its network and classes",
  );

/** `--data`, of commands that read data sets. */
export const dataOption = () =>
  new Option("--data <folder>", "where relative data roots start from").default("data");
