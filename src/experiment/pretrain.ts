import { existsSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { UserError } from "../errors.js";
import { type Config, parseConfig } from "./config.js";
import { withAbsoluteRoots } from "./domains.js";
import { nameOf, type Preset, runConfig } from "./presets.js";
import { type RunEvent, type RunOptions, run } from "./run.js";

/** The source-only run that all methods of a configuration start from. */
export interface Pretraining {
  readonly config: Config;
  /** Its run folder. */
  readonly out: string;
  readonly state: "missing" | "begun" | "complete";
}

/**
 * The pretraining of a configuration, undefined where it has no `pretrain` section.
 * @param folder its run folder, unless `pretrain.run` names one
 * @throws UserError where the folder holds a run of other settings
 */
export function pretrainingOf(
  { pretrain, ...rest }: Config,
  folder: string,
  data: string,
): Pretraining | undefined {
  if (pretrain === undefined) return undefined;
  const { augment = rest.augment, run: out = folder, ...train } = pretrain;
  const config = parseConfig({
    ...rest,
    method: "source-only",
    style: {},
    augment,
    train: { ...rest.train, ...train },
  });
  if (!existsSync(join(out, "config.yaml"))) return { config, out, state: "missing" };
  requireSame(out, runConfig(out), withAbsoluteRoots(config, data));
  const complete = existsSync(join(out, "result.json"));
  return { config, out, state: complete ? "complete" : "begun" };
}

/** Where the pretraining of a preset lies, beside the runs that start from it. */
export const pretrainingFolder = (preset: string | Preset, seed: number, beside: string): string =>
  join(beside, `${nameOf(preset)}-pretrained-${seed}`);

/** What decides the weights of a pretraining, by key. */
function decisive({ source, network, sizes, augment, sampling, train, options }: Config) {
  // What decides when something is saved or measured, and where it is computed, decides no weight.
  const { device, checkpointEvery, evaluateEvery, gradientNorms, ema, ...own } = train;
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

const prefixed = (name: string, table: object): Record<string, unknown> =>
  Object.fromEntries(Object.entries(table).map(([key, value]) => [`${name}.${key}`, value]));

function requireSame(out: string, there: Config, wanted: Config): void {
  const [before, now]: Record<string, unknown>[] = [decisive(there), decisive(wanted)];
  const keys = [...new Set([...Object.keys(before ?? {}), ...Object.keys(now ?? {})])];
  const other = keys.filter((key) => !isDeepStrictEqual(before?.[key], now?.[key]));
  if (other.length === 0) return;
  const said = other.map(
    (key) => `${key} was ${inWords(before?.[key])}, is ${inWords(now?.[key])}`,
  );
  throw new UserError(
    "pretraining-mismatch",
    `${out} was pretrained under other settings (${said.join("; ")}); remove it, or name another ` +
      "folder in pretrain.run",
  );
}

const inWords = (value: unknown): string =>
  value === undefined ? "unset" : typeof value === "string" ? value : JSON.stringify(value);

/**
 * Makes what is missing of a pretraining: trains it, or resumes it.
 * @throws UserError as `run` does
 */
export async function* pretrain(
  { config, out, state }: Pretraining,
  options: Omit<RunOptions, "config" | "out" | "resume">,
): AsyncGenerator<RunEvent, void, undefined> {
  if (state !== "complete") yield* run({ ...options, config, out, resume: state === "begun" });
}

/**
 * Trains a configuration: its pretraining first, if it has one that is not complete, then the method
 * from there. Ends after a pretraining that was stopped.
 */
export async function* trainFromPretraining(
  options: RunOptions & { readonly pretrainingFolder: string },
): AsyncGenerator<RunEvent, void, undefined> {
  const { config, data, resume = false, pretrainingFolder: folder } = options;
  const first = resume ? undefined : pretrainingOf(config, folder, data);
  if (first === undefined) return yield* run(options);
  for await (const event of pretrain(first, options)) {
    yield event;
    if (event.type === "end" && !event.result.complete) return;
  }
  const start = { ...(config.pretrain as NonNullable<Config["pretrain"]>), run: first.out };
  yield* run({ ...options, config: { ...config, pretrain: start } });
}
