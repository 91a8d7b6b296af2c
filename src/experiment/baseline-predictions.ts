import { existsSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import { colorize } from "../datasets/colorize.js";
import { predictLabels } from "../evaluate/index.js";
import type { Reference } from "../report/page/reference.js";
import { rgbPng } from "../report/pictures.js";
import type { RunFiles } from "../report/run-files.js";
import { readPreviews } from "../report/run-pictures.js";
import { checkpoints } from "../train/index.js";
import { writeAtomically } from "../write-atomically.js";
import { openSet, withLabels } from "./domains.js";
import type { Listener } from "./listener.js";
import { openCheckpoint } from "./open-checkpoint.js";

/**
 * Predicts the images in `previews/` by the network of the run's reference: `baseline.png` in the colours of the
 * classes, and its name, `baseline.txt`. Nothing is written if the reference has no checkpoint, or other classes.
 */
export async function writeBaselinePredictions(
  run: RunFiles,
  { run: baseline }: Reference,
  listener: Listener,
): Promise<void> {
  const [set] = run.sets as [string];
  const previews = readPreviews(run.path, set);
  if (previews.length === 0 || checkpoints(baseline.path).length === 0) return;
  if (baseline.classes.names.join() !== run.classes.names.join()) return;
  const dataset = await openSet(withLabels(run.config.evaluate[set] as object), listener);
  const indices = new Map(dataset.names.map((one, i) => [one, i]));
  const { config, network, stage, classes, dispose } = openCheckpoint(baseline.path);
  try {
    const options = { precision: config.train.precision, stage };
    for (const [i, { name: image, input, folder }] of previews.entries()) {
      listener.progress("predicting images by the baseline", i + 1, previews.length);
      const index = indices.get(image);
      const isGone = () => !existsSync(input); // an evaluation replaces previews
      if (index === undefined) continue;
      const size = await sharp(input)
        .metadata()
        .catch((error) => {
          if (!isGone()) throw error;
        });
      if (size === undefined) continue;
      const { width, height } = size;
      const sample = await dataset.load(index, run.config.sizes.evaluate);
      const labels = predictLabels(network, sample, { width, height }, options);
      const png = await rgbPng(colorize(labels, classes), { width, height });
      if (isGone()) continue;
      writeAtomically(join(folder, "baseline.txt"), `${baseline.name}\n`);
      writeAtomically(join(folder, "baseline.png"), png);
    }
  } finally {
    dispose();
  }
}
