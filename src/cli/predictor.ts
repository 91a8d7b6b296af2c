import type { ClassSet, Size } from "../datasets/dataset.js";
import type { PredictedImage, RgbImage } from "../experiment/index.js";

/** A network that labels images, whatever computes it. */
export interface Predictor {
  readonly classes: ClassSet;
  /** Labels an image file, or an image in memory. */
  predict(image: string | RgbImage): Promise<PredictedImage>;
  dispose(): Promise<void>;
}

interface RunPredictorOptions {
  /** Changes of the configuration, as in `--set`. */
  readonly set: readonly string[];
  readonly preset?: string | undefined;
  readonly tile?: Size | undefined;
}

/** The newest network of a run, or with a preset that of a file of weights. */
export async function runPredictor(
  path: string,
  { set, preset, tile }: RunPredictorOptions,
): Promise<Predictor> {
  const { openRun, openWeights } = await import("../experiment/index.js");
  const run = preset === undefined ? openRun(path, { set }) : openWeights(path, { preset, set });
  return {
    classes: run.classes,
    predict: (image) => run.predict(image, { tile }),
    dispose: async () => run.dispose(),
  };
}

/** A network in ONNX Runtime, without libtorch. */
export async function onnxPredictor(path: string, tile?: Size): Promise<Predictor> {
  const { openModel } = await import("../export/open-model.js");
  const model = await openModel(path);
  const { classes } = model.info;
  return {
    classes: {
      names: classes.map(({ name }) => name),
      colors: classes.map(({ color }) => color),
    },
    async predict(given) {
      const pixels = typeof given === "string" ? given : { ...given, data: given.image };
      const { image, labels, width, height } = await model.predict(pixels, { tile });
      return { image: image.data as Uint8Array, labels, width, height };
    },
    dispose: () => model.release(),
  };
}
