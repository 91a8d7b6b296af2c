import { mkdirSync, statSync } from "node:fs";
import { basename, extname, join } from "node:path";
import sharp from "sharp";
import { classSetOf } from "../datasets/class-sets.js";
import { overlay } from "../datasets/colorize.js";
import { filesByStem, imageExtensions } from "../datasets/files.js";
import { readImage } from "../datasets/images.js";
import { UserError } from "../errors.js";
import { predictLabels } from "../evaluate/index.js";
import { openRun } from "./open-run.js";
import { progressLine } from "./progress.js";

export interface PredictOptions {
  readonly out: string;
  readonly set: readonly string[];
}

/** `cfcontra predict`. */
export async function predict(
  run: string,
  images: readonly string[],
  { out, set }: PredictOptions,
): Promise<void> {
  const files = await imageFiles(images);
  const { config, info, network, stage, dispose } = openRun(run, set);
  const classes = classSetOf(info.classes);
  const options = { precision: config.train.precision, stage };
  const line = progressLine("predicting");
  mkdirSync(out, { recursive: true });
  try {
    for (const [i, [name, path]] of files.entries()) {
      const image = await readImage(path, config.sizes.evaluate);
      const sample = { name, width: image.width, height: image.height, image: image.data };
      const { original } = image;
      const label = predictLabels(network, sample, original, options);
      const full = await readImage(path, original);
      const raw = (channels: 1 | 3) => ({ raw: { ...original, channels } });
      await sharp(label, raw(1))
        .toColourspace("b-w")
        .png()
        .toFile(join(out, `${name}.png`));
      await sharp(overlay(full.data, label, classes), raw(3))
        .jpeg({ quality: 90 })
        .toFile(join(out, `${name}-overlay.jpg`));
      line.update(i + 1, files.length);
    }
  } finally {
    line.end();
    dispose();
  }
  process.stdout.write(`${files.length} images labelled in ${out}\n`);
}

/** [name, path] of every image named, or inside a folder named. Names must differ. */
async function imageFiles(images: readonly string[]): Promise<[string, string][]> {
  const files = new Map<string, string>();
  const add = (name: string, path: string) => {
    const other = files.get(name);
    if (other !== undefined) {
      throw new UserError(`${other} and ${path} would both become ${name}.png; predict them apart`);
    }
    files.set(name, path);
  };
  for (const path of images) {
    const stat = statSync(path, { throwIfNoEntry: false });
    if (!stat) throw new UserError(`${path} does not exist: expected an image or a folder of them`);
    if (!stat.isDirectory()) add(basename(path, extname(path)), path);
    else {
      for (const [stem, file] of await filesByStem(path, imageExtensions)) {
        add(stem.replaceAll("/", "_"), file);
      }
    }
  }
  if (files.size === 0) {
    throw new UserError(
      `${images.join(", ")}: no images found; expected ${imageExtensions.join(", ")}`,
    );
  }
  return [...files];
}
