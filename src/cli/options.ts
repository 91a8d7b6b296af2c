import { type Command, Option } from "commander";
import type { Size } from "../datasets/dataset.js";
import { UserError } from "../errors.js";
import { LEAST_TILE } from "../evaluate/tiles.js";

const collect = (value: string, before: string[]) => [...before, value];

/** Reads a whole number 0, 1, 2, ... as the value of `option`. */
export const whole =
  (option: string) =>
  (value: string): number => {
    if (/^\d+$/.test(value)) return Number(value);
    throw new UserError(
      "invalid-value",
      `${option} ${value}: expected a whole number (0, 1, 2, ...)`,
    );
  };

/** Those of the options that were given on the command line: "--out, --set"; "" if none was. */
export const givenOf = (command: Command, names: readonly string[]): string =>
  names
    .filter((name) => command.getOptionValueSource(name) === "cli")
    .map((name) => `--${name}`)
    .join(", ");

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

/** `--tile`, of commands that predict. */
export const tileOption = () =>
  new Option(
    "--tile <WxH>",
    "predict in overlapping tiles of at most this size, in pixels of the network's input",
  ).argParser(tileSize);

function tileSize(value: string): Size {
  const [, width, height] = /^(\d+)x(\d+)$/.exec(value) ?? [];
  const size = { width: Number(width), height: Number(height) };
  if (Math.min(size.width, size.height) >= LEAST_TILE) return size; // not if NaN
  throw new UserError(
    "invalid-value",
    `--tile ${value}: expected WIDTHxHEIGHT, each ${LEAST_TILE} or more, such as 1024x768`,
  );
}
