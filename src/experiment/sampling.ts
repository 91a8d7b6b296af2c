import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { progressLine } from "../cli/terminal/progress.js";
import type { Dataset } from "../datasets/dataset.js";
import {
  type ClassStatistics,
  classStatistics,
  rareClassSampler,
} from "../datasets/rare-classes.js";
import { writeAtomically } from "../write-atomically.js";
import type { Config } from "./config.js";

// A stream of random numbers apart from those of order, style and augmentation.
const SAMPLING = 6;

/** The order of source images that a configuration asks for, if it is not the usual one. */
export async function sourceOrder(
  { sampling, sizes, train }: Config,
  source: Dataset,
  folder: string,
): Promise<((k: number) => number) | undefined> {
  if (!sampling.rareClasses) return undefined;
  const path = join(folder, "class-statistics.json");
  const statistics = existsSync(path)
    ? (JSON.parse(readFileSync(path, "utf8")) as ClassStatistics)
    : await count(source, sizes.source);
  writeAtomically(path, `${JSON.stringify(statistics)}\n`);
  return rareClassSampler(statistics, train.seed * 16 + SAMPLING, sampling);
}

async function count(source: Dataset, size: Config["sizes"]["source"]): Promise<ClassStatistics> {
  const line = progressLine("counting the source's classes");
  try {
    return await classStatistics(source, size, line.update);
  } finally {
    line.end();
  }
}
