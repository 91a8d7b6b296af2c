import type { Dataset } from "./dataset.js";

/** The part of a data set or stream that belongs to one of several processes. */
export interface Shard {
  readonly rank: number;
  readonly size: number;
}

/** The samples rank, rank + size, rank + 2 size, ... of a data set: the share of one process. */
export function shardOf(dataset: Dataset, { rank, size }: Shard): Dataset {
  if (size === 1) return dataset;
  const indices = Array.from(dataset.names, (_, i) => i).filter((i) => i % size === rank);
  return {
    ...dataset,
    names: indices.map((i) => dataset.names[i] as string),
    load: (i, ...rest) => dataset.load(indices[i] as number, ...rest),
  };
}
