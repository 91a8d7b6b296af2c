import { join } from "node:path";
import { colorize } from "../../datasets/colorize.js";
import type { ClassSet, Color } from "../../datasets/dataset.js";
import { distinctColor } from "../../datasets/distinct-colors.js";
import { UserError } from "../../errors.js";
import { rgbPng } from "../pictures.js";
import type { PredictionFormat, PredictionWriter } from "./format.js";
import { zipFile } from "./zip-file.js";

const FILE = "cvat.zip";

/**
 * A zip in CVAT's "Segmentation mask 1.1": one mask per class and image. CVAT finds an image's frame by
 * its path without extension. https://docs.cvat.ai/docs/dataset_management/formats/format-smask/
 */
export const cvat: PredictionFormat = { files: () => [FILE], writer };

function writer(out: string, classes: ClassSet): PredictionWriter {
  const path = join(out, FILE);
  const zip = zipFile(path);
  const told = distinguished(classes);
  const list: string[] = [];
  return {
    async add({ name, path }, { labels, ...size }) {
      if (name.startsWith("#")) {
        throw new UserError(
          "unsupported-file",
          `${path}: CVAT takes a name that begins with # for a comment: rename the file`,
        );
      }
      zip.add(`SegmentationClass/${name}.png`, await rgbPng(colorize(labels, told), size));
      // The instances are the classes: CVAT makes one mask of each.
      const instances = { names: told.names, colors: told.names.map((_, k) => vocColor(k + 1)) };
      zip.add(`SegmentationObject/${name}.png`, await rgbPng(colorize(labels, instances), size));
      list.push(name);
      return {};
    },
    async finish() {
      const text = (lines: readonly string[]) =>
        new TextEncoder().encode(lines.map((line) => `${line}\n`).join(""));
      zip.add("labelmap.txt", text(labelMap(told)));
      zip.add("ImageSets/Segmentation/default.txt", text(list));
      zip.finish();
      return [path];
    },
    discard: () => zip.discard(),
  };
}

/** Lines `label:r,g,b:parts:actions`. */
function labelMap({ names, colors }: ClassSet): string[] {
  const background = names.includes("background") ? [] : ["background:0,0,0::"];
  return [
    "# label:color_rgb:parts:actions",
    ...background,
    ...names.map((name, k) => `${name}:${colors[k]}::`),
  ];
}

/** The classes in colours that differ from each other and from black, CVAT's background. */
function distinguished({ names, colors }: ClassSet): ClassSet {
  const bad = names.find((name) => /^#|:|^\s|\s$/.test(name));
  if (bad !== undefined) {
    throw new UserError(
      "class-mismatch",
      `--format cvat: a label of CVAT cannot be called "${bad}": it must not contain ":", begin with # ` +
        "or begin or end with a space; use --format coco",
    );
  }
  const used: Color[] = [[0, 0, 0]];
  for (const [k, color] of colors.entries()) {
    const taken = used.some((other) => other.join() === color.join());
    used.push(taken ? distinctColor(k, [...used, ...colors]) : color);
  }
  return { names, colors: used.slice(1) };
}

/** Colour of instance `i` in Pascal VOC's palette: bits 0, 1, 2 of `i` are the top bits of red, green, blue. */
function vocColor(i: number): Color {
  const channel = (first: number) => {
    let value = 0;
    for (let bit = 0; bit < 8; bit++) value |= ((i >> (3 * bit + first)) & 1) << (7 - bit);
    return value;
  };
  return [channel(0), channel(1), channel(2)];
}
