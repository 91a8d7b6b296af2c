import { join } from "node:path";
import type { Size } from "../../datasets/dataset.js";
import { UserError } from "../../errors.js";
import { open } from "../../experiment/measure.js";
import { openRun } from "../../experiment/open-run.js";
import { type FeatureDomain, featureMap } from "../../report/feature-map.js";
import { runPage } from "../../report/page/run-page.js";
import type { Points } from "../../report/run-data.js";
import { findBaseline, readRun } from "../../report/run-files.js";
import { checkpoints } from "../../train/index.js";
import { writeAtomically } from "../../write-atomically.js";

export interface ReportOptions {
  /** A source-only run to compare with; looked for beside the run when omitted. */
  readonly baseline?: string;
}

/** `cfcontra report`. */
export async function report(runs: readonly string[], options: ReportOptions): Promise<void> {
  for (const run of runs) process.stdout.write(`${await writeReport(run, options)}\n`);
}

/** Writes `features.json` and `report.html` into a run folder. Returns the latter's path. */
export async function writeReport(path: string, options: ReportOptions = {}): Promise<string> {
  const run = readRun(path);
  const baseline = options.baseline ?? findBaseline(run);
  if (checkpoints(path).length > 0) {
    const before = baseline === undefined ? undefined : await featuresOf(baseline);
    const after = await featuresOf(path);
    const both = { ...(before ? { before } : {}), after };
    writeAtomically(join(path, "features.json"), `${JSON.stringify(both)}\n`);
  }
  const html = await runPage(readRun(path), baseline === undefined ? undefined : readRun(baseline));
  const file = join(path, "report.html");
  writeAtomically(file, html);
  return file;
}

/** The feature map of a run's newest network: its labelled source beside its first evaluation set. */
async function featuresOf(path: string): Promise<Points | undefined> {
  if (checkpoints(path).length === 0) return undefined;
  const trained = openRun(path);
  try {
    const { source, evaluate } = trained.config;
    const [target] = Object.values(evaluate);
    if (!target) throw new UserError(`${path} evaluates on nothing, so there is nothing to show`);
    const { sizes, train } = trained.config;
    const options = { precision: train.precision, stage: trained.stage };
    const domain = async (spec: object, size: Size): Promise<FeatureDomain> => ({
      dataset: await open({ ...spec, labelled: true }, process.cwd()),
      ...{ size, options },
    });
    return await featureMap(
      trained.network,
      await domain(source, sizes.source),
      await domain(target, sizes.evaluate),
    );
  } finally {
    trained.dispose();
  }
}
