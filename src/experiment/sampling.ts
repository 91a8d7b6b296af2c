import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Dataset } from "../datasets/dataset.js";
import { streamSeed } from "../datasets/random-streams.js";
import {
  type ClassStatistics,
  classStatistics,
  rareClassSampler,
} from "../datasets/rare-classes.js";
import { writeAtomically } from "../write-atomically.js";
import type { Config } from "./config.js";
import type { Listener } from "./listener.js";

/** The order of source images in a configuration; undefined for the default order. */
export async function sourceOrder(
  { sampling, sizes, train }: Config,
  source: Dataset,
  folder: string,
  { progress }: Listener,
): Promise<((k: number) => number) | undefined> {
  if (!sampling.rareClasses) return undefined;
  const path = join(folder, "class-statistics.json");
  const statistics = existsSync(path)
    ? (JSON.parse(readFileSync(path, "utf8")) as ClassStatistics)
    : await classStatistics(source, sizes.source, (done, total) =>
        progress("counting the classes of the source", done, total),
      );
  writeAtomically(path, `${JSON.stringify(statistics)}\n`);
  return rareClassSampler(statistics, streamSeed(train.seed, "rare classes"), sampling);
}
