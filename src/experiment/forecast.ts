import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Dataset } from "../datasets/dataset.js";
import { trainingSteps } from "../train/index.js";
import type { Config } from "./config.js";
import { withAbsoluteRoots } from "./domains.js";
import type { Listener } from "./listener.js";
import { prepare } from "./prepare.js";
import { peakMemory } from "./run.js";

/** Steps that are timed, after one that warms up. */
const MEASURED_STEPS = 3;

/** What a run would take. */
export interface Forecast {
  readonly config: Config;
  readonly source: Counted;
  readonly target: Counted;
  readonly labelledTarget?: Counted;
  readonly evaluate: Readonly<Record<string, Counted>>;
  readonly parameters: { readonly all: number; readonly trained: number };
  /** MiB, up to now. */
  readonly peakMemory: number;
  readonly secondsPerStep: number;
  /** The steps whose median that is. */
  readonly measuredSteps: number;
  /** Of all steps, without evaluation. */
  readonly seconds: number;
}

/** A data set. */
export interface Counted {
  readonly name: string;
  readonly images: number;
}

/**
 * Measures what a run would take by a few real steps on its own data. Work that the method does once
 * before it begins (first prototypes) is left out. Nothing is kept.
 * @param onStep called after every step that is measured, the first of which warms up
 */
export async function forecast(
  raw: Config,
  data: string,
  listener: Listener,
  onStep: (seconds: number, step: number) => void = () => {},
): Promise<Forecast> {
  const scratch = mkdtempSync(join(tmpdir(), "cfcontra-dry-run-"));
  try {
    const config = withAbsoluteRoots(raw, data);
    const parts = await prepare(config, scratch, { listener });
    try {
      const { before: _, ...method } = parts.method;
      const { source, target, labelledTarget, evaluate } = parts.domains;
      const { all, trainable } = parts.network.parameters;
      const times: number[] = [];
      const loop = { ...parts.loop, method, steps: MEASURED_STEPS + 1 };
      for await (const { seconds, step } of trainingSteps(loop)) {
        times.push(seconds);
        onStep(seconds, step);
      }
      const secondsPerStep = median(times.slice(1));
      return {
        config,
        source: counted(source),
        target: counted(target),
        ...(labelledTarget && { labelledTarget: counted(labelledTarget) }),
        evaluate: Object.fromEntries([...evaluate].map(([name, set]) => [name, counted(set)])),
        parameters: { all: sizeOf(all.values()), trained: sizeOf(trainable.values()) },
        peakMemory: peakMemory(),
        secondsPerStep,
        measuredSteps: MEASURED_STEPS,
        seconds: secondsPerStep * config.train.steps,
      };
    } finally {
      parts.records?.status.end("stopped"); // so that nothing writes there once it is removed
      parts.dispose();
    }
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

const counted = ({ name, names }: Dataset): Counted => ({ name, images: names.length });

const sizeOf = (tensors: Iterable<{ readonly shape: readonly number[] }>): number =>
  [...tensors].reduce((sum, { shape }) => sum + shape.reduce((n, side) => n * side, 1), 0);

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] as number;
