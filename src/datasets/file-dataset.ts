import { UserError } from "../errors.js";
import type { Dataset, Sample, Size } from "./dataset.js";
import { readImage } from "./images.js";
import { type LabelMap, toTrainIds } from "./label-maps.js";
import { readLabel, resizeNearest } from "./labels.js";
import type { Labelling } from "./options.js";
import { findPairs, type Layout, type Pair, type Selection } from "./pairs.js";

/**
 * The data set of the files that a layout and a selection describe.
 * @throws UserError as `findPairs` does; `load` throws one for a file that cannot be used
 */
export async function openFiles(
  type: string,
  layout: Layout,
  selection: Selection,
  { classes, map }: Labelling,
): Promise<Dataset> {
  const { pairs, labelled } = await findPairs(layout, selection);
  return {
    name: `${type} (${selection.list ? `${layout.root}, ${selection.list}` : layout.root})`,
    classes,
    labelled,
    names: pairs.map(({ name }) => name),
    async load(index, size) {
      const pair = pairs[index];
      if (!pair) throw new RangeError(`sample ${index} of ${pairs.length}`);
      return loadPair(pair, map, size);
    },
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
