import { classSetOf } from "../../datasets/class-sets.js";
import { readImage } from "../../datasets/files/images.js";
import { predictLabels } from "../../evaluate/index.js";
import { openRun } from "../../experiment/open-run.js";
import { compileNetwork } from "../../network/index.js";
import { imageFiles, writePredictions } from "../predictions.js";
import type { Json } from "../terminal/print.js";

export interface PredictOptions {
  readonly out: string;
  readonly json?: Json;
  readonly set: readonly string[];
}

/** `cfcontra predict`, by a run and libtorch. */
export async function predict(
  run: string,
  images: readonly string[],
  { set, ...output }: PredictOptions,
): Promise<void> {
  const files = await imageFiles(images);
  const { config, info, network, stage, dispose } = openRun(run, set);
  const compiled = compileNetwork(network, config.train.precision);
  try {
    await writePredictions(files, output, classSetOf(info.classes), async (path, name) => {
      const seen = await readImage(path, config.sizes.evaluate);
      const sample = { name, width: seen.width, height: seen.height, image: seen.data };
      const labels = predictLabels(compiled, sample, seen.original, { stage });
      const { data: image } = await readImage(path, seen.original);
      return { ...seen.original, image, labels };
    });
  } finally {
    compiled.dispose();
    dispose();
  }
}
