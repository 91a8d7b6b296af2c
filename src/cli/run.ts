import { stringify } from "yaml";
import type { Scores } from "../evaluate/index.js";
import { openRecorder } from "../report/recorder.js";
import { writeStyleSamples } from "../report/style-samples.js";
import { dispose, manualSeed } from "../torch/index.js";
import {
  checkpoints,
  environment,
  openRunFolder,
  openStatus,
  resume,
  saveInto,
  startFrom,
  train,
} from "../train/index.js";
import { buildMethod, buildNetwork, openDomains, withAbsoluteRoots } from "./build.js";
import type { Config } from "./config.js";
import { interruption } from "./interruption.js";
import { measureAll } from "./measure.js";
import { progressLine } from "./progress.js";
import { writeReport } from "./report.js";
import { sourceOrder } from "./sampling.js";
import { openPreparation, stageRecord } from "./stage.js";

export interface RunOptions {
  readonly config: Config;
  /** The run folder. */
  readonly out: string;
  /** Where relative data roots start from. */
  readonly data: string;
  readonly resume?: boolean;
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

/** Trains, evaluates and writes the run folder. Ctrl-C and SIGTERM save a checkpoint and return. */
export async function run(options: RunOptions): Promise<RunResult> {
  const result = await trainAndEvaluate(options);
  if (result.complete) {
    await writeReport(options.out).catch((error: Error) =>
      note(`no report (${error.message}); \`cfcontra report ${options.out}\` tries again`),
    );
  }
  return result;
}

async function trainAndEvaluate({ out, data, ...options }: RunOptions): Promise<RunResult> {
  const parts = await prepare(
    withAbsoluteRoots(options.config, data),
    out,
    options.resume ?? false,
  );
  const { config, domains, folder, network, method, recorder, status, start } = parts;
  const { seed, steps, checkpointEvery, evaluateEvery } = config.train;
  const classes = domains.source.classes.names;
  const stage = stageRecord(config, out);
  const info = { method: config.method, classes, network: config.network, stage };
  const line = progressLine(`${config.method} seed ${seed}`);
  const interrupted = interruption();
  const spent = { seconds: 0, waiting: 0 };
  let done = start;
  try {
    for await (const report of train(parts.loop)) {
      const { step, seconds } = report;
      done = step;
      status.at(step);
      spent.seconds += seconds;
      spent.waiting += report.waiting;
      recorder.step(report);
      const loss = report.scalars["source/main"] as number;
      line.update(step, steps, `loss ${loss.toFixed(3)}  ${seconds.toFixed(2)} s/step`);
      if (step % checkpointEvery === 0 || step === steps || interrupted.asked) {
        saveInto(out, { step, ...info }, network, method);
      }
      if (interrupted.asked) break;
      if (evaluateEvery > 0 && step % evaluateEvery === 0 && step < steps) {
        await recorder.snapshot(step, await parts.measure());
      }
    }
    line.end();
    const complete = done === steps;
    const scores = complete ? await recorder.snapshot(done, await parts.measure()) : {};
    const waiting = spent.seconds > 0 ? spent.waiting / spent.seconds : 0;
    const own = { method: config.method, seed, steps: done, seconds: spent.seconds, waiting };
    const result: RunResult = { ...own, classes, scores, complete };
    if (complete) folder.writeJson("result.json", result);
    status.end(complete ? "complete" : "stopped");
    return result;
  } catch (error) {
    status.end("failed", (error as Error).message);
    throw error;
  } finally {
    line.end();
    interrupted.end();
    parts.dispose();
  }
}

const note = (sentence: string) => process.stderr.write(`note: ${sentence}\n`);

/** Everything that a run works with, its weights as they are before its first step. */
export async function prepare(config: Config, out: string, resuming: boolean) {
  const domains = await openDomains(config);
  const { names: classes } = domains.source.classes;
  const { sizes, train, style } = config;
  manualSeed(train.seed);
  const network = buildNetwork(config, classes.length);
  const latest = resuming ? checkpoints(out).at(-1) : undefined;
  const { weights } = config.network;
  if (weights !== undefined && !latest) note(startFrom(weights, network));
  const method = buildMethod(config, network, note);
  const folder = openRunFolder(out);
  const preparation = await openPreparation(config, domains, out);
  folder.write("config.yaml", stringify(config));
  folder.writeJson("environment.json", environment(train.device));

  const start = latest ? resume(latest, network, method, { method: config.method, classes }) : 0;
  const { stage } = preparation;
  const recorder = await openRecorder(folder, {
    ...{ network, method, evaluate: domains.evaluate, size: sizes.evaluate, start },
    predict: { precision: train.precision, stage },
    steps: train.steps,
  });
  if (style.method !== "none") {
    await writeStyleSamples(out, domains.source, sizes.source, preparation.restyle);
  }
  const order = await sourceOrder(config, domains.source, out);
  const { method: name } = config;
  const status = openStatus(out, {
    method: name,
    seed: train.seed,
    step: start,
    steps: train.steps,
  });
  const stream = (domain: "source" | "target") => ({
    dataset: domains[domain],
    size: sizes[domain],
    batch: train.batch,
    transform: preparation[domain],
  });
  const { steps, rate, schedule = steps, seed } = train;
  return {
    ...{ config, domains, folder, network, method, recorder, status, start },
    loop: {
      ...{ network, method, steps, start, rate, schedule, seed },
      source: { ...stream("source"), order },
      target: stream("target"),
    },
    measure: () => measureAll(network, domains.evaluate, config, stage),
    dispose() {
      dispose([network.parameters.all, method.state]);
      preparation.dispose();
    },
  };
}
