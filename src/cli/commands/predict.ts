import { join } from "node:path";
import { Command, Option } from "commander";
import type { Size } from "../../datasets/dataset.js";
import { UserError } from "../../errors.js";
import { imageFiles } from "../../report/image-files.js";
import {
  PREDICTION_FORMATS,
  type PredictionFormatName,
  predictionFormats,
} from "../../report/predictions/formats.js";
import { requireWritableFolder } from "../../write-atomically.js";
import { requireNew } from "../new-files.js";
import { setOption, tileOption, weightsPresetOption, whole } from "../options.js";
import { predictVideo, videoAmong } from "../predict-video.js";
import { onnxPredictor, type Predictor, runPredictor } from "../predictor.js";
import { interruptible, throwIfStopped } from "../terminal/interruption.js";
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
      "run folder or checkpoint (with --preset, a file of weights), then image files, folders of them, globs or a video",
    )
    .option("--onnx <model>", "instead of a run, a file of `export`: needs no libtorch")
    .option(
      "--out <folder>",
      "where to write; a file such as overlay.mp4 for a video",
      "predictions",
    )
    .addOption(
      new Option("--format <name>", "what to write; see below")
        .choices(PREDICTION_FORMATS)
        .default("ids"),
    )
    .option("--every <n>", "of a video, only each n-th frame", whole("--every"))
    .addOption(tileOption())
    .addOption(jsonOption())
    .addOption(setOption())
    .addOption(weightsPresetOption())
    .addHelpText(
      "after",
      `
Formats:
  ids           NAME.png, the train id of every pixel at the image's own size, and
                NAME-overlay.jpg to look at
  label-ids     NAME.png with Cityscapes' label ids, for its evaluation server
  colour        NAME.png in the colours of the classes
  cvat          cvat.zip, which CVAT imports as "Segmentation mask 1.1"
  labelme       NAME.json with polygons for LabelMe
  label-studio  label-studio.json, tasks with pre-annotations, and the labelling
                configuration
  coco          coco.json, a region per class and image as RLE

Sub-folders are kept. --out must be apart from the images, and no file in it is replaced. A video
becomes a video of the frames under the colours of the classes; this needs FFmpeg.

Examples:
  cfcontra predict runs/streets-cfcontra-1 photos/ --out predictions
  cfcontra predict runs/streets-cfcontra-1 "photos/**/*.jpg" --format cvat
  cfcontra predict runs/streets-cfcontra-1 drive.mp4 --out drive-overlay.mp4 --every 5
  cfcontra predict advent.pth --preset gta5-cityscapes photos/
  cfcontra predict --onnx model.onnx photos/ --out predictions`,
    )
    .action(predict);

interface PredictOptions {
  readonly onnx?: string;
  readonly out: string;
  readonly format: PredictionFormatName;
  readonly every?: number;
  readonly tile?: Size;
  readonly json?: Json;
  readonly set: readonly string[];
  readonly preset?: string;
}

async function predict(paths: readonly string[], options: PredictOptions): Promise<void> {
  const { onnx, set, preset, tile } = options;
  if (onnx !== undefined) {
    if (set.length > 0 || preset !== undefined)
      throw new UserError(
        "conflicting-options",
        "--set and --preset are for runs and files of weights; --onnx has no configuration: leave them out",
      );
    return label(paths, options, () => onnxPredictor(onnx, tile));
  }
  const [run, ...images] = paths as [string, ...string[]];
  if (images.length === 0) {
    throw new UserError(
      "conflicting-options",
      `predict ${run}: name images, or folders of images, after the run`,
    );
  }
  return label(images, options, () => runPredictor(run, { set, preset, tile }));
}

/** Writes the labels of every image, or the overlay of a video. */
async function label(
  images: readonly string[],
  options: PredictOptions,
  open: () => Promise<Predictor>,
): Promise<void> {
  const video = videoAmong(images, options);
  if (video !== undefined) return predictVideo(video, options, open);
  const { out, format, json } = options;
  const files = await imageFiles(images, out);
  const written = predictionFormats[format].files(files.map(({ name }) => name));
  requireNew(
    written.map((file) => join(out, file)),
    "choose another folder with --out",
  );
  requireWritableFolder(out);
  const { classes, predict, dispose } = await open();
  const labelled: object[] = [];
  let completed: readonly string[] = [];
  try {
    completed = await interruptible((signal) =>
      listening(async ({ progress }) => {
        const writer = predictionFormats[format].writer(out, classes);
        try {
          for (const [i, image] of files.entries()) {
            const found = await predict(image.path);
            const { width, height } = found;
            const entry = await writer.add(image, found);
            labelled.push({ image: image.path, ...entry, width, height });
            progress("predicting", i + 1, files.length);
            throwIfStopped(signal);
          }
          return await writer.finish();
        } catch (error) {
          writer.discard();
          throw error;
        }
      }),
    );
  } finally {
    await dispose();
  }
  const found = () => ({
    ...{ classes: classes.names, images: labelled },
    ...(completed.length > 0 && { files: completed }),
  });
  const where = completed.length > 0 ? completed.join(", ") : out;
  print(`${files.length} images labelled in ${where}`, found, json);
}
