import { Command } from "commander";
import { dataOption, setOption, whole } from "../options.js";
import { follow } from "../terminal/follow.js";
import { interruptible } from "../terminal/interruption.js";
import { commandOf } from "../terminal/invocation.js";
import { listening } from "../terminal/listener.js";
import { type Json, jsonOption, print } from "../terminal/print.js";
import { say } from "../terminal/progress.js";
import { finish } from "../terminal/summary.js";

export const command = () =>
  new Command("pretrain")
    .description("train on the source only, to start all methods of a comparison from")
    .option("--preset <preset>", "a built-in preset, or the path of a YAML file", "streets")
    .option("--seed <n>", "seed of weights and order", whole("--seed"))
    .option("--steps <n>", "training steps", whole("--steps"))
    .option("--out <folder>", "run folder; runs/<preset>-pretrained-<seed> when omitted")
    .addOption(jsonOption())
    .addOption(setOption())
    .addOption(dataOption())
    .addHelpText(
      "after",
      `
A source-only run with the settings of the preset's \`pretrain\` section, which starts from
network.weights if they are given. Every method then starts from its weights, backbone and
classifiers, so that the rows of a comparison differ in the method alone. \`train\` does this by
itself where the preset has a \`pretrain\` section. The same command resumes a run that was stopped.

Examples:
  cfcontra pretrain --preset streets --steps 600 --out runs/short-pretrained
  cfcontra train --preset streets --method minent --set pretrain.steps=600 --set pretrain.run=runs/short-pretrained`,
    )
    .action(pretrain);

interface PretrainOptions {
  readonly preset: string;
  readonly seed?: number;
  readonly steps?: number;
  readonly out?: string;
  readonly json?: Json;
  readonly set: readonly string[];
  readonly data: string;
}

async function pretrain(options: PretrainOptions): Promise<void> {
  const { preset, data, steps, seed, set, out: named, json } = options;
  const { assignedKeys, configuration, openExperiment, requireSetOnce } = await import(
    "../../experiment/index.js"
  );
  const { readRun } = await import("../../report/run-files.js");
  requireSetOnce(set, { "pretrain.steps": steps });
  // --out may stand beside a table of `pretrain` without a run.
  const runs = set.filter((one) => assignedKeys(one).includes("pretrain.run"));
  requireSetOnce(runs, { "pretrain.run": named });
  const { train, pretrain: own } = configuration({ preset, seed, set });
  if (own && set.some((one) => /^train\.(steps|rate)=/.test(one))) {
    say(
      `the pretraining has pretrain.steps and pretrain.rate (${steps ?? own.steps} steps, rate ${own.rate}); those of ` +
        "train are for the training after it",
    );
  }
  const changes = [
    `train.seed=${train.seed}`,
    `pretrain.steps=${steps ?? own?.steps ?? train.steps}`,
    `pretrain.rate=${own?.rate ?? train.rate}`,
    ...(named === undefined ? [] : [`pretrain.run=${JSON.stringify(named)}`]),
  ];
  const ended = await interruptible((signal) =>
    listening(async (listener) => {
      const experiment = openExperiment(preset, { set: [...set, ...changes], data, listener });
      const { out, state, config } = experiment.pretraining() as NonNullable<
        ReturnType<typeof experiment.pretraining>
      >;
      if (state !== "complete")
        say(`pretraining on the source for ${config.train.steps} steps in ${out}`);
      return (await follow(experiment.pretrain({ signal }))) ?? { out, result: undefined };
    }),
  );
  const { out, result } = ended;
  if (result && !result.complete) return finish({ out, result }, json);
  // Without a pretrain section, training starts from the run's weights.
  const start = own
    ? [...(steps === undefined ? [] : [`pretrain.steps=${steps}`]), `pretrain.run=${out}`]
    : [`network.weights=${out}`];
  const shared = set.filter((one) => !one.startsWith("method="));
  const from = [...shared, ...start].flatMap((one) => ["--set", one]);
  const next = commandOf(
    "train",
    "--preset",
    preset,
    "--data",
    data,
    ...(seed === undefined ? [] : ["--seed", `${seed}`]),
    "--method",
    set.find((one) => one.startsWith("method="))?.slice("method=".length) ?? "cfcontra",
    ...from,
  );
  print(`start from it with: ${next}`, () => ({ run: out, ...readRun(out).result }), json);
}
