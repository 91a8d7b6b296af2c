import { existsSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import type { Dataset } from "../datasets/dataset.js";
import { streamSeed } from "../datasets/random-streams.js";
import { classStatistics, rareClassSampler } from "../datasets/rare-classes.js";
import { readJson } from "../read-json.js";
import { writeAtomically } from "../write-atomically.js";
import type { Config } from "./config.js";
import type { Listener } from "./listener.js";

/** The path of a run's class statistics. */
export const classStatisticsIn = (folder: string): string => join(folder, "class-statistics.json");

/** [images][classes] of a data set. */
const statisticsOf = ({ names, classes }: Dataset) =>
  z.array(z.array(z.number().min(0)).length(classes.names.length)).length(names.length);

/** The order of source images in a configuration; undefined for the default order. */
export async function sourceOrder(
  { sampling, sizes, train }: Config,
  source: Dataset,
  folder: string,
  { progress }: Listener,
): Promise<((k: number) => number) | undefined> {
  if (!sampling.rareClasses) return undefined;
  const path = classStatisticsIn(folder);
  const count = async () => {
    const counted = await classStatistics(source, sizes.source, (done, total) =>
      progress("counting the classes of the source", done, total),
    );
    writeAtomically(path, `${JSON.stringify(counted)}\n`);
    return counted;
  };
  const statistics = existsSync(path)
    ? readJson(path, statisticsOf(source), "delete it, to count the classes again")
    : await count();
  return rareClassSampler(statistics, streamSeed(train.seed, "rare classes"), sampling);
}
