import { existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { Command, Option } from "commander";
import type { ClassSet, Dataset, Size } from "../../datasets/dataset.js";
import { readImage } from "../../datasets/files/images.js";
import { resizeNearest } from "../../datasets/files/labels.js";
import { UserError } from "../../errors.js";
import type { ChosenImage, Listener, OpenRun } from "../../experiment/index.js";
import { contactSheet } from "../../report/contact-sheet.js";
import { imageFiles, type NamedImage } from "../../report/image-files.js";
import { writeRgb } from "../../report/pictures.js";
import type { PredictionWriter } from "../../report/predictions/format.js";
import {
  PREDICTION_FORMATS,
  type PredictionFormatName,
  predictionFormats,
} from "../../report/predictions/formats.js";
import { csv } from "../../report/table-formats.js";
import { copyAtomically, requireWritableFolder, writeAtomically } from "../../write-atomically.js";
import { setOption, whole } from "../options.js";
import { listening } from "../terminal/listener.js";
import { type Json, jsonOption, print } from "../terminal/print.js";

export const command = () =>
  new Command("choose")
    .description("rank unlabelled images by what labels of them would teach a network")
    .argument("<run>", "run folder, or a checkpoint inside one")
    .argument("<images...>", "image files, folders of them or globs")
    .option("--count <n>", "images to choose", whole("--count"), 20)
    .option("--out <folder>", "where to write; must not exist, or be empty", "chosen")
    .addOption(
      new Option("--format <name>", "format of the pre-labels, as in `predict`")
        .choices(PREDICTION_FORMATS)
        .default("cvat"),
    )
    .addOption(jsonOption())
    .addOption(setOption())
    .addHelpText(
      "after",
      `
Writes chosen.csv, the list, the best first; contact-sheet.png; images/, copies to
upload to a labelling tool; and labels/, the network's predictions for it to start with.

An image is worth labelling if the predictions are uncertain, if its features are far
from the source's prototypes (runs of cfcontra and self-training have them), and if it
is unlike the images chosen before it. Of a video's near-duplicates, one is chosen.

Examples:
  cfcontra choose runs/streets-cfcontra-1 photos/
  cfcontra choose runs/streets-cfcontra-1 "drives/**/*.jpg" --count 50 --format label-studio`,
    )
    .action(choose);

interface ChooseOptions {
  readonly count: number;
  readonly out: string;
  readonly format: PredictionFormatName;
  readonly json?: Json;
  readonly set: readonly string[];
}

const COLUMNS = 4;
const PICTURE_WIDTH = 320;

async function choose(
  path: string,
  images: readonly string[],
  { count, out, format, json, set }: ChooseOptions,
): Promise<void> {
  if (count === 0) {
    throw new UserError("invalid-value", "--count 0: choose at least one image");
  }
  const files = await imageFiles(images, out);
  requireWritableFolder(out);
  requireEmpty(out);
  const { chooseImages, openRun } = await import("../../experiment/index.js");
  await listening(async (listener) => {
    const run = openRun(path, { set, listener });
    try {
      const writer = predictionFormats[format].writer(join(out, "labels"), run.classes);
      const chosen = await chooseImages(path, run, files, count, listener);
      const labels = await exported(run, chosen.images, out, writer, listener);
      const list = join(out, "chosen.csv");
      writeAtomically(list, csv(listOf(chosen.images)));
      const sheet = join(out, "contact-sheet.png");
      const { rgb, size } = await contactSheet(labels, {
        ...{ count: labels.names.length, columns: COLUMNS, size: labels.size },
      });
      await writeRgb(sheet, rgb, size);
      const { nearDuplicates } = chosen;
      const text =
        `${chosen.images.length} of ${files.length} images chosen, ${nearDuplicates} left out as ` +
        `near-duplicates of them: ${list}, ${sheet}`;
      const found = () => ({
        ...{ list, sheet, images: chosen.images.map(recordOf), nearDuplicates },
        ...{ considered: files.length, classes: run.classes.names },
      });
      print(text, found, json);
    } finally {
      run.dispose();
    }
  });
}

/** @throws UserError if the folder contains anything: images of two choices must not mix */
function requireEmpty(out: string): void {
  if (!existsSync(out) || readdirSync(out).length === 0) return;
  throw new UserError(
    "already-exists",
    `--out ${out} is not empty: remove it, or choose another folder`,
  );
}

type Chosen = ChosenImage<NamedImage>;

/** Copies the images and writes their predicted labels. Returns both for the contact sheet. */
async function exported(
  run: OpenRun,
  chosen: readonly Chosen[],
  out: string,
  writer: PredictionWriter,
  { progress }: Pick<Listener, "progress">,
): Promise<Dataset & { readonly size: Size }> {
  const pictures: { readonly path: string; readonly label: Uint8Array }[] = [];
  let size: Size | undefined;
  try {
    for (const [i, { image }] of chosen.entries()) {
      const path = join(out, "images", image.file);
      const predicted = await run.predict(image.path);
      copyAtomically(image.path, path);
      await writer.add({ ...image, path }, predicted);
      size ??= pictureSize(predicted);
      pictures.push({ path, label: resizeNearest(predicted.labels, predicted, size) });
      progress("labelling the chosen images", i + 1, chosen.length);
    }
    await writer.finish();
  } catch (error) {
    writer.discard();
    for (const part of ["images", "labels"])
      rmSync(join(out, part), { recursive: true, force: true });
    throw error;
  }
  return sheetOf(chosen, pictures, run.classes, size as Size);
}

/** The chosen images with their predicted labels as a data set. */
function sheetOf(
  chosen: readonly Chosen[],
  pictures: readonly { readonly path: string; readonly label: Uint8Array }[],
  classes: ClassSet,
  size: Size,
): Dataset & { readonly size: Size } {
  return {
    ...{ name: "Chosen images, the best first", classes, labelled: true, size },
    names: chosen.map(({ image }, i) => `${i + 1}. ${image.file}`),
    async load(index) {
      const { path, label } = pictures[index] as (typeof pictures)[number];
      const { data } = await readImage(path, size);
      return { name: path, ...size, image: data, label };
    },
  };
}

/** The proportions of an image, at the width of a picture. */
const pictureSize = ({ width, height }: Size): Size => ({
  width: PICTURE_WIDTH,
  height: Math.max(1, Math.round((PICTURE_WIDTH * height) / width)),
});

const recordOf = ({ image, ...measured }: Chosen) => ({
  ...{ image: image.path, file: image.file },
  ...measured,
});

const NUMBERS = ["score", "informative", "distance", "entropy", "novelty"] as const;

const listOf = (chosen: readonly Chosen[]): string[][] => [
  ["rank", "file", "image", ...NUMBERS],
  ...chosen.map((one, i) => [
    `${i + 1}`,
    one.image.file,
    one.image.path,
    ...NUMBERS.map((name) => one[name]?.toFixed(4) ?? ""),
  ]),
];
