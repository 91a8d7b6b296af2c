import type { ClassSet, Size } from "../datasets/dataset.js";
import type { PredictedImage, RgbImage } from "../experiment/index.js";

/** A network that labels images, whatever computes it. */
export interface Predictor {
  readonly classes: ClassSet;
  /** Labels an image file, or an image in memory. */
  predict(image: string | RgbImage): Promise<PredictedImage>;
  dispose(): Promise<void>;
}

/** The newest network of a run. */
export async function runPredictor(
  path: string,
  set: readonly string[],
  tile?: Size,
): Promise<Predictor> {
  const { openRun } = await import("../experiment/index.js");
  const run = openRun(path, { set });
  return {
    classes: run.classes,
    predict: (image) => run.predict(image, { tile }),
    dispose: async () => run.dispose(),
  };
}

/** By ONNX Runtime alone, where there is no libtorch. */
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
