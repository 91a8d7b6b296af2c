import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import type { Dataset } from "../datasets/dataset.js";
import { withAbsoluteRoots } from "../experiment/build.js";
import type { Config } from "../experiment/config.js";
import { peakMemory, prepare } from "../experiment/run.js";
import { train } from "../train/index.js";
import { type Json, print } from "./terminal/print.js";
import { clock } from "./terminal/progress.js";

const MEASURED = 3;

/** What a run would be. */
interface Forecast {
  readonly config: Config;
  readonly source: Counted;
  readonly target: Counted;
  readonly evaluate: Readonly<Record<string, Counted>>;
  readonly parameters: { readonly all: number; readonly trained: number };
  /** MiB, up to now. */
  readonly peakMemory: number;
  readonly secondsPerStep: number;
  /** Of all steps, without evaluation. */
  readonly seconds: number;
}

/** A data set. */
interface Counted {
  readonly name: string;
  readonly images: number;
}

/**
 * Prints what a run would be: its whole configuration, its size, and time and memory as a few real
 * steps on its own data take them. What the method does once before it begins (first prototypes) is
 * left out. Nothing is kept.
 */
export async function dryRun(raw: Config, data: string, json?: Json): Promise<void> {
  const scratch = mkdtempSync(join(tmpdir(), "cfcontra-dry-run-"));
  try {
    const config = withAbsoluteRoots(raw, data);
    const parts = await prepare(config, scratch, false);
    const { before: _, ...method } = parts.method;
    const { source, target, evaluate } = parts.domains;
    const { all, trainable } = parts.network.parameters;
    const times: number[] = [];
    for await (const { seconds } of train({ ...parts.loop, method, steps: MEASURED + 1 })) {
      times.push(seconds);
    }
    const secondsPerStep = median(times.slice(1)); // the first one warms up
    const forecast: Forecast = {
      config,
      source: counted(source),
      target: counted(target),
      evaluate: Object.fromEntries([...evaluate].map(([name, set]) => [name, counted(set)])),
      parameters: { all: sizeOf(all.values()), trained: sizeOf(trainable.values()) },
      peakMemory: peakMemory(),
      secondsPerStep,
      seconds: secondsPerStep * config.train.steps,
    };
    print(textOf(forecast), () => forecast, json);
    parts.records?.status.end("stopped");
    parts.dispose();
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

function textOf({ config, source, target, evaluate, parameters, ...cost }: Forecast): string {
  const set = ({ name, images }: Counted) => `${name}, ${images} images`;
  const millions = (n: number) => `${(n / 1e6).toFixed(1)} million`;
  const { steps, device } = config.train;
  const { pretrain, network } = config;
  const ahead =
    pretrain && network.weights === undefined
      ? `; before it, once for all methods, ${pretrain.steps} of pretraining`
      : "";
  const step = `${cost.secondsPerStep.toFixed(2)} s (median of ${MEASURED} on ${device})`;
  const rows = [
    ["source", set(source)],
    ["target", set(target)],
    ...Object.entries(evaluate).map(([name, one]) => [name, set(one)]),
    [
      "parameters",
      `${millions(parameters.all)}, of which ${millions(parameters.trained)} are trained`,
    ],
    ["memory", `${cost.peakMemory} MiB at its peak so far`],
    ["step", step],
    ["training", `${clock(cost.seconds)} for ${steps} steps, without evaluation${ahead}`],
  ] as [string, string][];
  return `${stringify(config)}\n${rows.map(([name, text]) => name.padEnd(12) + text).join("\n")}`;
}

const counted = ({ name, names }: Dataset): Counted => ({ name, images: names.length });

const sizeOf = (tensors: Iterable<{ readonly shape: readonly number[] }>): number =>
  [...tensors].reduce((sum, { shape }) => sum + shape.reduce((n, side) => n * side, 1), 0);

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] as number;
