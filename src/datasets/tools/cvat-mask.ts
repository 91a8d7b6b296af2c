import { basename, join, resolve } from "node:path";
import { z } from "zod";
import { UserError } from "../../errors.js";
import { isFile } from "../../regular-file.js";
import type { Color } from "../dataset.js";
import { entriesOf, isFolder, requireFolder } from "../files/find-files.js";
import type { ExportClass, ExportClasses } from "./export-labelling.js";
import { requireUnpacked } from "./find-export.js";
import { readText } from "./read-json.js";
import { type ToolOptions, toolExport } from "./tool-export.js";

interface Own {
  readonly images: string;
  readonly split?: string | undefined;
}

const own = {
  /** Folder of the images; CVAT exports them only if asked to. */
  images: z.string().default("JPEGImages"),
  /** Name of a list in ImageSets/Segmentation. */
  split: z.string().optional(),
};

/**
 * CVAT's "Segmentation mask 1.1": SegmentationClass/*.png in the colours of labelmap.txt, images in
 * JPEGImages/, lists in ImageSets/Segmentation/.
 */
export const cvatMask = toolExport<Own>("cvat-mask", own, (options) => read(options, true));

/** Pascal VOC (Everingham et al., 2010): the same, with the colours of VOC unless it has a labelmap.txt. */
export const voc = toolExport<Own>("voc", own, (options) => read(options, false));

async function read(options: ToolOptions<Own>, needsMap: boolean) {
  const { root, images } = options;
  const labelMap = join(root, "labelmap.txt");
  const expected = `${needsMap ? "labelmap.txt, " : ""}SegmentationClass/*.png, and images in ${images}/`;
  await requireFolder(root, expected);
  const hasMap = isFile(labelMap);
  if (!hasMap && needsMap) {
    await requireUnpacked(root);
    throw new UserError(
      "dataset-layout",
      `${labelMap} does not exist: expected ${expected}, an export of CVAT as "Segmentation mask 1.1".`,
    );
  }
  const folder = resolve(root, images);
  if (!(await isFolder(folder)) && (await isFolder(join(root, "SegmentationClass")))) {
    throw new UserError(
      "dataset-layout",
      `${folder} does not exist: export with images, or set \`images\` to their folder.`,
    );
  }
  if (options.list !== undefined && options.split !== undefined) {
    throw new UserError(
      "conflicting-options",
      `${root}: \`list\` and \`split\` both choose the images: remove one of them.`,
    );
  }
  const list = options.list === undefined ? await listOfSplit(root, options.split) : undefined;
  return {
    layout: {
      root,
      expected,
      folders: [{ images: folder, labels: join(root, "SegmentationClass") }],
    },
    classes: hasMap ? classesOf(labelMap, await readText(labelMap)) : vocClasses(root),
    list,
    beside: hasMap ? [labelMap] : [],
  };
}

/** The list of a split; the only one if none is configured, undefined if there are none. */
async function listOfSplit(root: string, split: string | undefined): Promise<string | undefined> {
  const folder = join(root, "ImageSets", "Segmentation");
  const found = (await isFolder(folder)) ? await entriesOf(folder) : [];
  const names = found
    .filter(({ name }) => name.endsWith(".txt"))
    .map(({ name }) => basename(name, ".txt"));
  const [only, ...others] = split === undefined ? names : [split];
  if (only === undefined) return undefined;
  if (others.length === 0 && names.includes(only)) return join(folder, `${only}.txt`);
  throw new UserError(
    "dataset-layout",
    split === undefined
      ? `${folder} has several lists (${names.join(", ")}): choose one with \`split\`.`
      : `${join(folder, `${split}.txt`)} does not exist: set \`split\` to one of ${names.join(", ") || "its lists"}.`,
  );
}

/** `name:r,g,b:parts:actions`; a name may contain colons. */
const LINE = /^(.*?):\s*(?:(\d+)\s*,\s*(\d+)\s*,\s*(\d+))?\s*:[^:]*:[^:]*$/;

function classesOf(path: string, text: string): ExportClasses {
  const classes: ExportClass[] = [];
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === "" || line.startsWith("#")) continue;
    const parts = LINE.exec(line);
    if (!parts) {
      throw new UserError(
        "unsupported-file",
        `${path}:${index + 1}: expected name:red,green,blue:: as CVAT writes it, found ${line}.`,
      );
    }
    const [, name = "", ...rgb] = parts;
    const color = (rgb[0] === undefined ? vocColor(classes.length) : rgb.map(Number)) as Color;
    classes.push(classOf(name, color, path));
  }
  // CVAT writes the background where nothing is annotated: black, unless the map has another colour for it.
  const background = classes.find(({ name }) => name === "background");
  return { path, key: "color", classes, unlabelled: background?.value ?? 0 };
}

function classOf(name: string, color: Color, path: string): ExportClass {
  if (color.some((channel) => channel > 255)) {
    throw new UserError("unsupported-file", `${path}: the colour of "${name}" is above 255.`);
  }
  return { name, value: (color[0] << 16) | (color[1] << 8) | color[2], color };
}

/** The colour of an index in Pascal VOC: its bits, three at a time, from the highest of each channel. */
export function vocColor(index: number): Color {
  const color = [0, 0, 0];
  for (let bit = 0; bit < 8; bit++) {
    for (const channel of [0, 1, 2]) {
      const set = (index >> (3 * bit + channel)) & 1;
      color[channel] = (color[channel] as number) | (set << (7 - bit));
    }
  }
  return color as unknown as Color;
}

const VOC = (
  "background aeroplane bicycle bird boat bottle bus car cat chair cow diningtable dog horse motorbike " +
  "person pottedplant sheep sofa train tvmonitor"
).split(" ");

/** The outline around objects. */
const VOID = 0xe0e0c0;

const vocClasses = (path: string): ExportClasses => ({
  path,
  key: "color",
  classes: VOC.map((name, index) => classOf(name, vocColor(index), path)),
  unlabelled: 0,
  ignored: [VOID],
});
