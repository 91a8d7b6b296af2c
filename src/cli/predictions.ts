import { mkdirSync, statSync } from "node:fs";
import { basename, extname, join } from "node:path";
import sharp from "sharp";
import { overlay } from "../datasets/colorize.js";
import type { ClassSet, Size } from "../datasets/dataset.js";
import { filesByStem, imageExtensions } from "../datasets/files/find-files.js";
import { UserError } from "../errors.js";
import { type Json, print } from "./terminal/print.js";
import { progressLine } from "./terminal/progress.js";

/** An image as it is in its file, RGB, and the train ids of its pixels. */
export interface Prediction extends Size {
  readonly image: Uint8Array;
  readonly labels: Uint8Array;
}

/** Where predictions go, and what is printed about them. */
export interface Output {
  readonly out: string;
  readonly json?: Json;
}

/** Writes labels and overlay of every image into `out`. */
export async function writePredictions(
  files: readonly NamedFile[],
  { out, json }: Output,
  classes: ClassSet,
  predict: (path: string, name: string) => Promise<Prediction>,
): Promise<void> {
  const line = progressLine("predicting");
  const written: object[] = [];
  mkdirSync(out, { recursive: true });
  try {
    for (const [i, [name, path]] of files.entries()) {
      const { width, height, image, labels } = await predict(path, name);
      const to = { labels: join(out, `${name}.png`), overlay: join(out, `${name}-overlay.jpg`) };
      const raw = (channels: 1 | 3) => ({ raw: { width, height, channels } });
      await sharp(labels, raw(1)).toColourspace("b-w").png().toFile(to.labels);
      await sharp(overlay(image, labels, classes), raw(3))
        .jpeg({ quality: 90 })
        .toFile(to.overlay);
      written.push({ image: path, ...to, width, height });
      line.update(i + 1, files.length);
    }
  } finally {
    line.end();
  }
  const found = () => ({ classes: classes.names, images: written });
  print(`${files.length} images labelled in ${out}`, found, json);
}

/** Name and path. */
export type NamedFile = readonly [string, string];

/**
 * Every image named, or inside a folder named.
 * @throws UserError where there are none, or two would become one file
 */
export async function imageFiles(images: readonly string[]): Promise<NamedFile[]> {
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
