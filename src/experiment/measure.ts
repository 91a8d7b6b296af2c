import type { Dataset } from "../datasets/dataset.js";
import { shardOf } from "../datasets/shard.js";
import { type Confusion, type EvaluateOptions, evaluate, type Stage } from "../evaluate/index.js";
import type { Network } from "../network/index.js";
import { alone, type ProcessGroup } from "../torch/index.js";
import { sumCounts } from "../train/index.js";
import type { Config } from "./config.js";
import type { EvaluationSets } from "./domains.js";
import type { Listener } from "./listener.js";

/** Changes of the configuration's evaluation. */
export type Protocol = Partial<
  Pick<EvaluateOptions, "output" | "scales" | "flip" | "tile" | "observe">
>;

/** A network to evaluate. */
export interface Subject {
  readonly network: Network;
  readonly config: Config;
  /** The coarse stage of its predictions. */
  readonly stage: Stage | undefined;
}

/** Options of `measure`. */
export interface MeasureOptions extends Protocol {
  /** The ranks of a group share the images, and each gets the whole matrix. */
  readonly group?: ProcessGroup | undefined;
  /** See EvaluateOptions. */
  readonly signal?: AbortSignal | undefined;
}

/** The confusion matrix of a network on one set, by the configuration. */
export async function measure(
  { network, config, stage }: Subject,
  name: string,
  dataset: Dataset,
  { progress }: Pick<Listener, "progress">,
  { group = alone, signal, ...protocol }: MeasureOptions = {},
): Promise<Confusion> {
  const { evaluate: size, output = size } = config.sizes;
  const confusion = await evaluate(network, shardOf(dataset, group), {
    size,
    output,
    precision: config.train.precision,
    stage,
    ...protocol,
    signal,
    onImage: (done, total) => progress(`evaluating on ${name}`, done, total),
  });
  sumCounts(group, confusion.counts);
  return confusion;
}

/** The confusion matrices on all evaluation sets. */
export async function measureAll(
  subject: Subject,
  sets: EvaluationSets,
  listener: Pick<Listener, "progress">,
  options: MeasureOptions = {},
): Promise<Record<string, Confusion>> {
  const results: Record<string, Confusion> = {};
  for (const [name, dataset] of sets) {
    results[name] = await measure(subject, name, dataset, listener, options);
  }
  return results;
}
