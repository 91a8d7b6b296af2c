import { noLine, progressLine } from "../cli/terminal/progress.js";
import type { Dataset } from "../datasets/dataset.js";
import { openDataset } from "../datasets/open.js";
import { shardOf } from "../datasets/shard.js";
import { type Confusion, type EvaluateOptions, evaluate, type Stage } from "../evaluate/index.js";
import type { Network } from "../network/index.js";
import { alone, type ProcessGroup } from "../torch/index.js";
import { sumCounts } from "../train/index.js";
import type { Config } from "./config.js";

/** Opens a data set; where it is drawn first, a line says so. */
export async function open(spec: object, base: string): Promise<Dataset> {
  const lines = new Map<string, ReturnType<typeof progressLine>>();
  const dataset = await openDataset(spec, base, (name, done, total) => {
    const line = lines.get(name) ?? progressLine(name);
    lines.set(name, line);
    line.update(done, total);
  });
  for (const line of lines.values()) line.end();
  return dataset;
}

/** The labelled sets to measure on, by name. */
export async function openEvaluationSets(
  config: Config,
  base: string,
): Promise<Map<string, Dataset>> {
  const sets = new Map<string, Dataset>();
  for (const [name, spec] of Object.entries(config.evaluate)) {
    sets.set(name, await open({ ...spec, labelled: true }, base));
  }
  return sets;
}

/** What a command changes of the way the configuration evaluates. */
export type Protocol = Partial<Pick<EvaluateOptions, "output" | "scales" | "flip" | "observe">>;

/**
 * The confusion matrix of a network on one set, as the configuration says, with a progress line. The
 * ranks of a group share the images, and each gets the whole matrix.
 */
export async function measure(
  network: Network,
  name: string,
  dataset: Dataset,
  { sizes, train }: Config,
  stage?: Stage,
  protocol: Protocol = {},
  group: ProcessGroup = alone,
): Promise<Confusion> {
  const line = group.rank === 0 ? progressLine(`evaluating on ${name}`) : noLine;
  const { evaluate: size, output = size } = sizes;
  try {
    const confusion = await evaluate(network, shardOf(dataset, group), {
      size,
      output,
      precision: train.precision,
      stage,
      ...protocol,
      onImage: line.update,
    });
    sumCounts(group, confusion.counts);
    return confusion;
  } finally {
    line.end();
  }
}

/** The same on every evaluation set. */
export async function measureAll(
  network: Network,
  sets: ReadonlyMap<string, Dataset>,
  config: Config,
  stage?: Stage,
  group: ProcessGroup = alone,
): Promise<Record<string, Confusion>> {
  const results: Record<string, Confusion> = {};
  for (const [name, dataset] of sets) {
    results[name] = await measure(network, name, dataset, config, stage, {}, group);
  }
  return results;
}
