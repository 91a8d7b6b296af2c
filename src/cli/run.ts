import { join } from "node:path";
import { stringify } from "yaml";
import { type Scores, scores } from "../evaluate/index.js";
import { writePreviews } from "../report/previews.js";
import { dispose, manualSeed } from "../torch/index.js";
import { checkpoints, openRunFolder, resume, saveInto, startFrom, train } from "../train/index.js";
import { buildMethod, buildNetwork, openDomains, withAbsoluteRoots } from "./build.js";
import type { Config } from "./config.js";
import { measure } from "./measure.js";
import { progressLine } from "./progress.js";
import { openPreparation } from "./stage.js";

export interface RunOptions {
  readonly config: Config;
  /** The run folder. */
  readonly out: string;
  /** Where relative data roots start from. */
  readonly data: string;
  readonly resume?: boolean;
  readonly previews?: number;
}

export interface RunResult {
  readonly method: string;
  readonly seed: number;
  readonly steps: number;
  readonly seconds: number;
  /** Share of the step time that was spent waiting for data. */
  readonly waiting: number;
  readonly classes: readonly string[];
  /** Scores by evaluation set; of the last snapshot. */
  readonly scores: Record<string, Scores>;
  /** false where Ctrl-C stopped it; `--resume` goes on. */
  readonly complete: boolean;
}

const LOG_EVERY = 10;

/** Trains, evaluates and writes the run folder. Ctrl-C and SIGTERM save a checkpoint and return. */
export async function run({ out, data, previews = 8, ...options }: RunOptions): Promise<RunResult> {
  const config = withAbsoluteRoots(options.config, data);
  const domains = await openDomains(config);
  const { seed, steps } = config.train;
  manualSeed(seed);
  const network = buildNetwork(config, domains.source.classes.names.length);
  if (config.network.weights !== undefined) startFrom(config.network.weights, network);
  const warn = (sentence: string) => process.stderr.write(`note: ${sentence}\n`);
  const method = buildMethod(config, network, warn);
  const folder = openRunFolder(out);
  const preparation = await openPreparation(config, domains.target, out);
  folder.writeConfig(stringify(config));

  const latest = options.resume ? checkpoints(out).at(-1) : undefined;
  const classes = domains.source.classes.names;
  const start = latest ? resume(latest, network, method, { method: config.method, classes }) : 0;
  let stopping = false;
  const stop = () => {
    if (stopping) process.exit(130); // asked twice: at once, with the last checkpoint as it is
    stopping = true;
  };
  process.on("SIGINT", stop).on("SIGTERM", stop);
  const save = (step: number) =>
    saveInto(
      out,
      {
        step,
        method: config.method,
        classes,
        network: config.network,
      },
      network,
      method,
    );
  const { stage } = preparation;
  const measureAll = async () => {
    const results: Record<string, Scores> = {};
    for (const [name, dataset] of domains.evaluate) {
      results[name] = scores(await measure(network, name, dataset, config, stage));
    }
    return results;
  };

  const line = progressLine(`${config.method} seed ${seed}`);
  let done = start;
  let seconds = 0;
  let waiting = 0;
  try {
    const stream = (domain: "source" | "target") => ({
      dataset: domains[domain],
      size: config.sizes[domain],
      batch: config.train.batch,
      transform: preparation[domain],
    });
    for await (const report of train({
      network,
      method,
      source: stream("source"),
      target: stream("target"),
      steps,
      start,
      rate: config.train.rate,
      schedule: config.train.schedule ?? steps,
      seed,
    })) {
      const { step, scalars } = report;
      done = step;
      seconds += report.seconds;
      waiting += report.waiting;
      const loss = scalars["source/main"] as number;
      line.update(step, steps, `loss ${loss.toFixed(3)}  ${report.seconds.toFixed(2)} s/step`);
      if (step % LOG_EVERY === 0 || step === steps) {
        const { rate, seconds: time } = report;
        folder.log({ step, rate, seconds: time, waiting: report.waiting, ...scalars });
      }
      const { checkpointEvery, evaluateEvery } = config.train;
      if (step % checkpointEvery === 0 || step === steps || stopping) save(step);
      if (stopping) break;
      if (evaluateEvery > 0 && step % evaluateEvery === 0 && step < steps) {
        for (const [name, { miou }] of Object.entries(await measureAll())) {
          folder.log({ step, [`miou/${name}`]: miou });
        }
      }
    }
    line.end();
    const complete = done === steps;
    const results = complete ? await measureAll() : {};
    if (complete && previews > 0) {
      for (const [name, dataset] of domains.evaluate) {
        const { evaluate: size } = config.sizes;
        await writePreviews(join(out, "previews"), name, network, dataset, size, previews, {
          stage,
        });
      }
    }
    const result: RunResult = {
      method: config.method,
      seed,
      steps: done,
      seconds,
      waiting: seconds > 0 ? waiting / seconds : 0,
      classes,
      scores: results,
      complete,
    };
    if (complete) folder.writeResult(result);
    return result;
  } finally {
    line.end();
    process.off("SIGINT", stop).off("SIGTERM", stop);
    dispose([network.parameters.all, method.state]);
    preparation.dispose();
  }
}
