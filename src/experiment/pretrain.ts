import { existsSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { commandOf } from "../cli/terminal/invocation.js";
import { type Json, print } from "../cli/terminal/print.js";
import { say } from "../cli/terminal/progress.js";
import { finish } from "../cli/terminal/summary.js";
import { UserError } from "../errors.js";
import { readRun } from "../report/run-files.js";
import { alone, type ProcessGroup } from "../torch/index.js";
import { withAbsoluteRoots } from "./build.js";
import { type Config, parseConfig } from "./config.js";
import { type Choices, configuration, runConfig } from "./presets.js";
import { run } from "./run.js";

/** The source-only run that all methods of a configuration start from. */
function pretraining({ pretrain, ...config }: Config): Config {
  const { augment = config.augment, ...train } = pretrain ?? {};
  return parseConfig({
    ...config,
    method: "source-only",
    style: {},
    augment,
    train: { ...config.train, ...train },
  });
}

/** What decides the weights of a pretraining. */
const decisive = ({ source, network, sizes, augment, train }: Config) => ({
  ...{ source, network, augment },
  train: { ...train, device: "any" }, // several processes have one each
  size: sizes.source,
});

/**
 * The run whose weights a configuration with a `pretrain` section starts from: made where it is
 * missing, gone on with where it was interrupted, shared by all methods where it is there. Rows of a
 * comparison then differ in their method alone.
 * @returns its folder; undefined if there is nothing to pretrain; null if Ctrl-C has stopped it
 * @throws UserError where the folder holds a pretraining under other settings
 */
export async function pretrained(
  config: Config,
  out: string,
  data: string,
  json?: Json,
  group: ProcessGroup = alone,
): Promise<string | undefined | null> {
  if (config.pretrain === undefined || config.network.weights !== undefined) return undefined;
  const own = pretraining(config);
  const begun = existsSync(join(out, "config.yaml"));
  if (begun) {
    const there = decisive(runConfig(out, []));
    if (!isDeepStrictEqual(there, decisive(withAbsoluteRoots(own, data)))) {
      throw new UserError(
        `${out} was pretrained under other settings of source, network, augment, train, pretrain or ` +
          "sizes.source; remove it, or name weights to start from in network.weights",
      );
    }
    if (existsSync(join(out, "result.json"))) return out;
  }
  if (group.rank === 0) {
    const { steps } = own.train;
    say(`pretraining on the source, which all methods start from, for ${steps} steps in ${out}`);
  }
  const result = await run({ config: own, out, data, resume: begun, group });
  if (result.complete) return out;
  finish(result, out, json, group);
  return null;
}

/** Where the pretraining of a preset lies, beside the runs that start from it. */
export function pretrainedFolder(preset: string, seed: number, beside: string): string {
  return join(beside, `${basename(preset, ".yaml")}-pretrained-${seed}`);
}

export interface PretrainOptions extends Omit<Choices, "method"> {
  readonly out?: string;
  readonly json?: Json;
  readonly data: string;
}

/** `cfcontra pretrain`: the shared start of a comparison, made ahead. */
export async function pretrain(options: PretrainOptions): Promise<void> {
  const { preset, data, steps, json, ...choices } = options;
  const config = configuration({ preset, ...choices });
  const { rate, seed, steps: usual } = config.train;
  const out = options.out ?? pretrainedFolder(preset, seed, "runs");
  const { pretrain: own = { steps: usual, rate } } = config;
  const changed = { ...config, pretrain: { ...own, ...(steps !== undefined && { steps }) } };
  if ((await pretrained(changed, out, data, json)) === null) return;
  const from = ["--method", "cfcontra", "--set", `network.weights=${out}`];
  const next = commandOf("train", "--preset", preset, "--data", data, ...from);
  print(`start from it with: ${next}`, () => ({ run: out, ...readRun(out).result }), json);
}

/** A configuration that starts from its pretraining, if it has one; null if that was stopped. */
export async function afterPretraining(
  config: Config,
  { preset, data, json }: { readonly preset: string; readonly data: string; readonly json?: Json },
  out: string,
  group: ProcessGroup = alone,
): Promise<Config | null> {
  const folder = pretrainedFolder(preset, config.train.seed, dirname(out));
  const weights = await pretrained(config, folder, data, json, group);
  if (weights === null) return null;
  return weights === undefined ? config : { ...config, network: { ...config.network, weights } };
}
