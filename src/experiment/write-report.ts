import { join } from "node:path";
import type { Size } from "../datasets/dataset.js";
import { UserError } from "../errors.js";
import { type FeatureDomain, featureMap } from "../report/feature-map.js";
import { findBaseline } from "../report/find-baseline.js";
import { givenReference, type Reference, referenceOf } from "../report/page/reference.js";
import { runPage } from "../report/page/run-page.js";
import type { Points } from "../report/run-data.js";
import { type RunFiles, readRun } from "../report/run-files.js";
import { checkpoints } from "../train/index.js";
import { requireWritable, writeAtomically } from "../write-atomically.js";
import { writeBaselinePredictions } from "./baseline-predictions.js";
import { openSet, withLabels } from "./domains.js";
import { consoleListener, type Listener } from "./listener.js";
import { openCheckpoint } from "./open-checkpoint.js";

export interface ReportOptions {
  /** The run to compare with; by default the source-only run with equal settings, otherwise the pretraining. */
  readonly baseline?: string | undefined;
}

/**
 * Writes `features.json` and `report.html` into a run folder. Returns the report's path. Features and pictures
 * of the baseline need data sets and checkpoints: if these cannot be read, the report has the earlier ones or none.
 * @throws UserError if the folder is not a run folder
 */
export async function writeReport(
  path: string,
  options: ReportOptions = {},
  listener: Listener = consoleListener,
): Promise<string> {
  const run = readRun(path);
  const file = join(path, "report.html");
  requireWritable(file);
  const reference = referenceFor(run, options.baseline);
  if (reference) {
    await ifReadable("pictures of the baseline", listener, () =>
      writeBaselinePredictions(run, reference, listener),
    );
  }
  await ifReadable("features", listener, () => writeFeatures(path, reference, listener));
  writeAtomically(file, await runPage(readRun(path), reference));
  return file;
}

/** Makes a part of the report, or notes why it cannot be made. */
async function ifReadable(
  part: string,
  { note }: Listener,
  make: () => Promise<void>,
): Promise<void> {
  try {
    await make();
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    note(`${part}: not updated in the report: ${error.message}`);
  }
}

async function writeFeatures(
  path: string,
  reference: Reference | undefined,
  listener: Listener,
): Promise<void> {
  if (checkpoints(path).length === 0) return;
  const before = reference && (await featuresOf(reference.run.path, listener));
  const after = await featuresOf(path, listener);
  const both = { ...(before ? { before } : {}), after };
  writeAtomically(join(path, "features.json"), `${JSON.stringify(both)}\n`);
}

/** The run to compare with: the given one, otherwise the baseline, if there is one. */
function referenceFor(run: RunFiles, named: string | undefined): Reference | undefined {
  if (named !== undefined) return givenReference(run, named);
  const baseline = findBaseline(run);
  return baseline && referenceOf(run, baseline);
}

/** The feature map of a run's newest network on its labelled source and its first evaluation set. */
async function featuresOf(path: string, listener: Listener): Promise<Points | undefined> {
  if (checkpoints(path).length === 0) return undefined;
  const { config, network, stage, dispose } = openCheckpoint(path);
  try {
    const { source, evaluate, sizes, train } = config;
    const [target] = Object.values(evaluate);
    if (!target)
      throw new UserError(
        "conflicting-options",
        `${path} does not have an evaluation set; add one to \`evaluate\``,
      );
    const options = { precision: train.precision, stage };
    const domain = async (spec: object, size: Size): Promise<FeatureDomain> => ({
      dataset: await openSet(withLabels(spec), listener),
      ...{ size, options },
    });
    return await featureMap(
      network,
      await domain(source, sizes.source),
      await domain(target, sizes.evaluate),
    );
  } finally {
    dispose();
  }
}
