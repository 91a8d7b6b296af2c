import { openModel } from "../export/open-model.js";
import { imageFiles, type Output, writePredictions } from "./predictions.js";

/** `cfcontra predict --onnx`: by ONNX Runtime alone, where there is no libtorch. */
export async function predictOnnx(
  path: string,
  images: readonly string[],
  output: Output,
): Promise<void> {
  const files = await imageFiles(images);
  const model = await openModel(path);
  const { classes } = model.info;
  const set = {
    names: classes.map(({ name }) => name),
    colors: classes.map(({ color }) => color),
  };
  try {
    await writePredictions(files, output, set, async (file) => {
      const { image, labels, width, height } = await model.predict(file);
      return { image: image.data as Uint8Array, labels, width, height };
    });
  } finally {
    await model.release();
  }
}
