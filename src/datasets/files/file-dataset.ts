import { isAbsolute, resolve } from "node:path";
import { z } from "zod";
import { UserError } from "../../errors.js";
import { printable } from "../../printable.js";
import type { ClassSet, Dataset, RawLabel, Sample, Size } from "../dataset.js";
import type { Workers } from "../workers.js";
import { type Image, readImage } from "./images.js";
import { isBelow } from "./is-below.js";
import { type DepthCheck, depthCheck } from "./label-depth.js";
import { type LabelMap, toTrainIds } from "./label-maps.js";
import {
  type ClassOptions,
  commonOptions,
  type Labelling,
  pickClasses,
  resolveLabelling,
} from "./labelling.js";
import { readLabel, resizeNearest } from "./labels.js";
import type { Layout, Selection } from "./layout.js";
import { findPairs, type Pair } from "./pairs.js";
import { trainIdsBy } from "./train-ids.js";

/** A kind of data set: its options in a configuration, and how it is opened. */
export interface DatasetType {
  readonly schema: z.ZodObject;
  /** The classes that these options ask for; reads no file. */
  classes(options: never): ClassSet;
  open(
    options: never,
    onProgress?: (name: string, done: number, total: number) => void,
  ): Promise<Dataset>;
}

/** The definition of a data set of image and label files. */
export interface FileDatasetDefinition<Options> {
  /** Options in addition to those that all data sets of files share. */
  readonly options: z.ZodRawShape;
  /** Where its files are. */
  layout(options: Options): Layout | Promise<Layout>;
  /** Its classes and the map to them, the default first. */
  readonly labellings: readonly [Labelling, ...Labelling[]];
}

/** The checked options that all data sets of files share, with those of the set itself. */
export type FileOptions<Own = unknown> = Own &
  Selection & { readonly root: string } & Pick<
    z.infer<z.ZodObject<typeof commonOptions>>,
    "classes" | "mapping"
  >;

/** The kind of data set of a definition; `type` is its name in configurations. */
export function fileDataset<Own = unknown>(
  type: string,
  { options: own, layout, labellings }: FileDatasetDefinition<FileOptions<Own>>,
): DatasetType {
  return {
    schema: z.strictObject({ type: z.literal(type), ...own, ...commonOptions }),
    classes: (options: FileOptions<Own>) => pickClasses(options.classes, labellings[0].classes),
    async open(options: FileOptions<Own>) {
      const labelling = await resolveLabelling(labellings, options);
      return openFiles(type, await layout(options), options, labelling);
    },
  };
}

/**
 * Opens the files of a layout and a selection as a data set.
 * @throws UserError as `findPairs` does; `load` throws one for a file that cannot be used
 */
export async function openFiles(
  type: string,
  layout: Layout,
  selection: Selection & Pick<ClassOptions, "mapping">,
  { classes, map, coding }: Labelling,
  beside: readonly string[] = [],
): Promise<Dataset> {
  const { pairs, labelled, all } = await findPairs(layout, selection);
  const checkDepth = depthCheck(map);
  const pairAt = (index: number): Pair => {
    const pair = pairs[index];
    if (!pair) throw new RangeError(`sample ${index} of ${pairs.length}`);
    return pair;
  };
  const { list, mapping } = selection;
  const part = pairs.length < all ? [`${pairs.length} of ${all} images have a label`] : [];
  return {
    name: printable(`${type} (${[layout.root, ...(list ? [list] : []), ...part].join(", ")})`),
    classes,
    labelled,
    names: pairs.map(({ name }) => name),
    load: async (index, size, workers) =>
      loadPair(pairAt(index), { map, checkDepth, size, workers }),
    files: {
      root: layout.root,
      of: pairAt,
      beside: [...beside, ...namedFiles(layout.root, [list, mapping])],
    },
    ...(labelled &&
      coding && {
        labelFiles: { coding, read: (index) => readLabel(pairAt(index).label as string, map.key) },
      }),
  };
}

/** The files that options name. Elsewhere, an absolute path leads a copy of the set to the same file. */
const namedFiles = (root: string, named: readonly unknown[]): string[] =>
  named
    .filter((path) => typeof path === "string")
    .filter((path) => !isAbsolute(path) || isBelow(path, root))
    .map((path) => resolve(root, path));

interface LoadOptions {
  readonly map: LabelMap;
  readonly checkDepth: DepthCheck;
  readonly size: Size | undefined;
  readonly workers: Workers | undefined;
}

async function loadPair(
  pair: Pair,
  { map, checkDepth, size, workers }: LoadOptions,
): Promise<Sample> {
  const { annotation, label: path } = pair;
  const inFile = path !== undefined && annotation === undefined;
  const read = () => (inFile ? readLabel(path, map.key) : undefined);
  const [image, mapped, raw] = await Promise.all([
    readImage(pair.image, size),
    workers && inFile ? trainIdsBy(workers, path, map, size) : undefined,
    workers ? undefined : read(),
  ]);
  const { width, height, data, original } = image;
  const sample = { name: pair.name, width, height, image: data };
  const file = mapped ?? raw ?? (await read());
  const stated = annotation?.size ?? file;
  if (stated) requireSameSize(pair, stated, image);
  if (path !== undefined && mapped) {
    checkDepth(mapped, path);
    return { ...sample, label: mapped.trainIds };
  }
  const label = annotation ? await annotation.draw(original) : (file as RawLabel | undefined);
  if (!label || path === undefined) return sample;
  requireSameSize(pair, label, image);
  checkDepth(label, path);
  // Map all pixels, not only those that the resize keeps: whether a stray id is found must not depend on
  // the working size.
  const trainIds = toTrainIds(label, map, path);
  return { ...sample, label: resizeNearest(trainIds, label, { width, height }) };
}

function requireSameSize(
  { name, image, label, annotation }: Pair,
  { width, height }: Size,
  { original, turned }: Image,
): void {
  if (width === original.width && height === original.height) return;
  const fix = annotation ? "annotate the image as it is displayed" : "turn the label, too";
  throw new UserError(
    "label-size",
    `${label}: the label is ${width}x${height}, but its image ${image} is ` +
      `${original.width}x${original.height}${turned ? " after its EXIF orientation is applied" : ""}: ` +
      `${turned ? fix : "replace one of them"}, or leave the sample out with ` +
      `\`exclude: ["${name}"]\`.`,
  );
}
