import type { Dataset } from "./dataset.js";
import type { Share } from "./loader.js";

/** The samples rank, rank + size, rank + 2 size, ... of a data set: what one of several processes reads. */
export function shareOf(dataset: Dataset, { rank, size }: Share): Dataset {
  if (size === 1) return dataset;
  const indices = Array.from(dataset.names, (_, i) => i).filter((i) => i % size === rank);
  return {
    ...dataset,
    names: indices.map((i) => dataset.names[i] as string),
    load: (i, at) => dataset.load(indices[i] as number, at),
  };
}
