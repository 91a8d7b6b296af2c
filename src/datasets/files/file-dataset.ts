import { resolve } from "node:path";
import { z } from "zod";
import { UserError } from "../../errors.js";
import type { ClassSet, Dataset, Sample, Size } from "../dataset.js";
import { readImage } from "./images.js";
import { type LabelMap, toTrainIds } from "./label-maps.js";
import { commonOptions, type Labelling, pickClasses, resolveLabelling } from "./labelling.js";
import { readLabel, resizeNearest } from "./labels.js";
import { findPairs, type Layout, type Pair, type Selection } from "./pairs.js";

/** A kind of data set: the options that a configuration may give, and how it is opened. */
export interface DatasetType {
  readonly schema: z.ZodObject;
  /** The classes that these options ask for; reads no file. */
  classes(options: never): ClassSet;
  open(
    options: never,
    onProgress?: (name: string, done: number, total: number) => void,
  ): Promise<Dataset>;
}

/** What a data set of image and label files is: all that its own file has to say. */
export interface FileDatasetDefinition<Options> {
  /** Options beside those that all data sets of files share. */
  readonly options: z.ZodRawShape;
  /** Where its files lie. */
  layout(options: Options): Layout | Promise<Layout>;
  /** Its classes and the map to them, the usual one first. */
  readonly labellings: readonly [Labelling, ...Labelling[]];
}

/** Options that all data sets of files share, once checked, with those of the set itself. */
export type FileOptions<Own = unknown> = Own &
  Selection & { readonly root: string } & Pick<
    z.infer<z.ZodObject<typeof commonOptions>>,
    "classes" | "mapping"
  >;

/** The kind of data set that a definition describes; `type` is its name in configurations. */
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
 * The data set of the files that a layout and a selection describe.
 * @throws UserError as `findPairs` does; `load` throws one for a file that cannot be used
 */
export async function openFiles(
  type: string,
  layout: Layout,
  selection: Selection,
  { classes, map, coding }: Labelling,
): Promise<Dataset> {
  const { pairs, labelled } = await findPairs(layout, selection);
  const pairAt = (index: number): Pair => {
    const pair = pairs[index];
    if (!pair) throw new RangeError(`sample ${index} of ${pairs.length}`);
    return pair;
  };
  return {
    name: `${type} (${selection.list ? `${layout.root}, ${selection.list}` : layout.root})`,
    classes,
    labelled,
    names: pairs.map(({ name }) => name),
    load: async (index, size) => loadPair(pairAt(index), map, size),
    files: {
      root: layout.root,
      of: pairAt,
      beside: selection.list === undefined ? [] : [resolve(layout.root, selection.list)],
    },
    ...(labelled &&
      coding && {
        labelFiles: { coding, read: (index) => readLabel(pairAt(index).label as string, map.key) },
      }),
  };
}

async function loadPair(pair: Pair, map: LabelMap, size: Size | undefined): Promise<Sample> {
  const [image, label] = await Promise.all([
    readImage(pair.image, size),
    pair.label === undefined ? undefined : readLabel(pair.label, map.key),
  ]);
  const { width, height, data, original } = image;
  const sample = { name: pair.name, width, height, image: data };
  if (!label || pair.label === undefined) return sample;
  if (label.width !== original.width || label.height !== original.height) {
    throw new UserError(
      "label-size",
      `${pair.label}: the label is ${label.width}x${label.height}, but its image ${pair.image} is ` +
        `${original.width}x${original.height}: replace one of them, or leave the sample out with ` +
        `\`exclude: ["${pair.name}"]\`.`,
    );
  }
  // All pixels are mapped, not only those that the resize keeps: a stray id must not depend on
  // the working size.
  const trainIds = toTrainIds(label, map, pair.label);
  return { ...sample, label: resizeNearest(trainIds, label, { width, height }) };
}
