import { join } from "node:path";
import { Command } from "commander";
import type { ClassSet } from "../../datasets/dataset.js";
import { UserError } from "../../errors.js";
import type { PredictedImage } from "../../experiment/index.js";
import { imageFiles } from "../../report/image-files.js";
import { writeLabelled } from "../../report/labelled-image.js";
import { setOption, weightsPresetOption } from "../options.js";
import { listening } from "../terminal/listener.js";
import { type Json, jsonOption, print } from "../terminal/print.js";

export const command = () =>
  new Command("predict")
    .description("label images with a trained network")
    .usage(
      "[options] <run> <images...>\n       cfcontra predict [options] --onnx <model> <images...>",
    )
    .argument(
      "<paths...>",
      "run folder or checkpoint (with --preset, a file of weights), then image files or folders of them",
    )
    .option("--onnx <model>", "instead of a run, a file of `export`: needs no libtorch")
    .option("--out <folder>", "where to write labels and overlays", "predictions")
    .addOption(jsonOption())
    .addOption(setOption())
    .addOption(weightsPresetOption())
    .addHelpText(
      "after",
      `
For each image: NAME.png, the train id of every pixel at the image's own size, and
NAME-overlay.jpg to look at. --out must be apart from the images.

Examples:
  cfcontra predict runs/streets-cfcontra-1 photos/ --out predictions
  cfcontra predict advent.pth --preset gta5-cityscapes photos/
  cfcontra predict --onnx model.onnx photos/ --out predictions`,
    )
    .action(predict);

interface PredictOptions {
  readonly onnx?: string;
  readonly out: string;
  readonly json?: Json;
  readonly set: readonly string[];
  readonly preset?: string;
}

async function predict(paths: readonly string[], options: PredictOptions): Promise<void> {
  const { onnx, set, preset } = options;
  if (onnx !== undefined) {
    if (set.length > 0 || preset !== undefined)
      throw new UserError(
        "conflicting-options",
        "--set and --preset are for runs and files of weights; --onnx has no configuration: leave them out",
      );
    return label(paths, options, () => onnxPredictor(onnx));
  }
  const [run, ...images] = paths as [string, ...string[]];
  if (images.length === 0) {
    throw new UserError(
      "conflicting-options",
      `predict ${run}: name images, or folders of images, after the run`,
    );
  }
  return label(images, options, () => runPredictor(run, set, preset));
}

/** A network that labels image files, whatever computes it. */
interface Predictor {
  readonly classes: ClassSet;
  predict(path: string): Promise<PredictedImage>;
  dispose(): Promise<void>;
}

async function runPredictor(
  path: string,
  set: readonly string[],
  preset: string | undefined,
): Promise<Predictor> {
  const { openRun, openWeights } = await import("../../experiment/index.js");
  const run = preset === undefined ? openRun(path, { set }) : openWeights(path, { preset, set });
  return {
    classes: run.classes,
    predict: run.predict,
    dispose: async () => run.dispose(),
  };
}

/** Predicts with ONNX Runtime, without libtorch. */
async function onnxPredictor(path: string): Promise<Predictor> {
  const { openModel } = await import("../../export/open-model.js");
  const model = await openModel(path);
  const { classes } = model.info;
  return {
    classes: {
      names: classes.map(({ name }) => name),
      colors: classes.map(({ color }) => color),
    },
    async predict(file) {
      const { image, labels, width, height } = await model.predict(file);
      return { image: image.data as Uint8Array, labels, width, height };
    },
    dispose: () => model.release(),
  };
}

/** Writes labels and overlay of every image. */
async function label(
  images: readonly string[],
  { out, json }: PredictOptions,
  open: () => Promise<Predictor>,
): Promise<void> {
  const files = await imageFiles(images, out);
  const { classes, predict, dispose } = await open();
  const written: object[] = [];
  try {
    await listening(async ({ progress }) => {
      for (const [i, { name, path }] of files.entries()) {
        const labelled = await predict(path);
        const to = { labels: join(out, `${name}.png`), overlay: join(out, `${name}-overlay.jpg`) };
        await writeLabelled(labelled, classes, to);
        written.push({ image: path, ...to, width: labelled.width, height: labelled.height });
        progress("predicting", i + 1, files.length);
      }
    });
  } finally {
    await dispose();
  }
  const found = () => ({ classes: classes.names, images: written });
  print(`${files.length} images labelled in ${out}`, found, json);
}
