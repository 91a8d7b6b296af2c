import { isDeepStrictEqual } from "node:util";
import { UserError } from "../errors.js";
import type { Config } from "./config.js";

/** Settings by their dotted keys. */
type Settings = Readonly<Record<string, unknown>>;

const prefixed = (name: string, table: object): Settings =>
  Object.fromEntries(Object.entries(table).map(([key, value]) => [`${name}.${key}`, value]));

/** The settings that determine the weights of a pretraining. */
export function decidesPretraining(config: Config): Settings {
  const { source, network, sizes, augment, sampling, train, options } = config;
  // These do not affect weights, only the device, and what is saved and measured.
  const { device, deterministic, benchmark, graphs, workers, ...computed } = train;
  const { checkpointEvery, evaluateEvery, gradientNorms, ema, ...own } = computed;
  return {
    ...prefixed("source", source),
    ...prefixed("network", network),
    "sizes.source": sizes.source,
    ...prefixed("augment", augment),
    ...prefixed("sampling", sampling),
    ...prefixed("train", own),
    "options.source-only": options["source-only"],
  };
}

/** The settings that determine the weights of a run of any method. */
export function decidesAfter(config: Config): Settings {
  const { method, target, labelledTarget, sizes, style, options, pretrain } = config;
  const { run, ...pretraining } = pretrain ?? {};
  return {
    ...decidesPretraining(config),
    method,
    ...prefixed("target", target),
    ...prefixed("labelledTarget", labelledTarget ?? {}),
    "sizes.target": sizes.target,
    ...prefixed("style", style),
    [`options.${method}`]: options[method],
    ...prefixed("pretrain", pretraining),
  };
}

/** The settings that determine what a run saves before its first step. */
export function decidesPreparation({ source, target, sizes, style, train }: Config): Settings {
  return {
    ...prefixed("source", source),
    ...prefixed("target", target),
    "sizes.source": sizes.source,
    "sizes.target": sizes.target,
    ...prefixed("style", style),
    "train.seed": train.seed,
    "train.precision": train.precision,
  };
}

/** The settings that a run must share with the one it starts from: network, classes and data. */
export function sharedByRuns({ network, source, target }: Config): Settings {
  const { weights, weightsFor, init, statistics, ...shape } = network;
  return {
    ...prefixed("network", shape),
    ...prefixed("source", source),
    ...prefixed("target", target),
  };
}

/** The keys of the settings that differ. */
export function differences(there: Settings, wanted: Settings): string[] {
  const keys = [...new Set([...Object.keys(there), ...Object.keys(wanted)])];
  return keys.filter((key) => !isDeepStrictEqual(there[key], wanted[key]));
}

/**
 * @param there the settings of the run in the folder `out`
 * @param advice what to do if they differ
 * @throws UserError with the settings that differ
 */
export function requireSame(out: string, there: Settings, wanted: Settings, advice: string): void {
  const other = differences(there, wanted);
  if (other.length === 0) return;
  const said = other.map((key) => `${key} was ${inWords(there[key])}, is ${inWords(wanted[key])}`);
  throw new UserError(
    "pretraining-mismatch",
    `${out} was trained with other settings (${said.join("; ")}); ${advice}`,
  );
}

const inWords = (value: unknown): string =>
  value === undefined ? "unset" : typeof value === "string" ? value : JSON.stringify(value);
