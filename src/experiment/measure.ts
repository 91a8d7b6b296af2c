import type { Dataset } from "../datasets/dataset.js";
import { shardOf } from "../datasets/shard.js";
import type { Workers } from "../datasets/workers.js";
import {
  createImageTable,
  type EvaluateOptions,
  evaluate,
  type Measurement,
  type Observation,
  type Stage,
} from "../evaluate/index.js";
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
  readonly workers?: Workers | undefined;
}

/**
 * The scores of a network on one set, by the configuration. `observe` receives the images of this process,
 * by their index in the whole set.
 */
export async function measure(
  { network, config, stage }: Subject,
  name: string,
  dataset: Dataset,
  { progress }: Pick<Listener, "progress">,
  { group = alone, signal, observe, ...protocol }: MeasureOptions = {},
): Promise<Measurement> {
  const { evaluate: size, output = size } = config.sizes;
  const table = createImageTable(dataset.names, network.classes);
  const confusion = await evaluate(network, shardOf(dataset, group), {
    size,
    output,
    precision: config.train.precision,
    stage,
    ...protocol,
    signal,
    observe(own) {
      const observation = { ...own, index: own.index * group.size + group.rank };
      table.set(observation.index, observation);
      observe?.(observation);
    },
    onImage: (done, total) => progress(`evaluating on ${name}`, done, total),
  });
  sumCounts(group, confusion.counts);
  sumCounts(group, table.values); // each row has the values of one process
  return { confusion, images: table.list() };
}

/** Called for every image of a set. */
export type Watch = (set: string) => ((observation: Observation) => void) | undefined;

/** The scores on all evaluation sets. */
export async function measureAll(
  subject: Subject,
  sets: EvaluationSets,
  listener: Pick<Listener, "progress">,
  { watch, ...options }: Omit<MeasureOptions, "observe"> & { readonly watch?: Watch | undefined },
): Promise<Record<string, Measurement>> {
  const results: Record<string, Measurement> = {};
  for (const [name, dataset] of sets) {
    const observe = watch?.(name);
    const own = observe ? { ...options, observe } : options;
    results[name] = await measure(subject, name, dataset, listener, own);
  }
  return results;
}
