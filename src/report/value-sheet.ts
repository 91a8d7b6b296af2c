import type { Dataset, DatasetFiles, Size } from "../datasets/dataset.js";
import { readImage } from "../datasets/files/images.js";
import { hexColor } from "../datasets/files/label-maps.js";
import { readLabel, resizeNearest } from "../datasets/files/labels.js";
import type { LabelValue, LabelValues } from "../datasets/survey/label-values.js";
import { UserError } from "../errors.js";
import { printable } from "../printable.js";
import { COLOR, pictureAt, type Sheet, sheet, text } from "./sheet.js";

const COLUMNS = 4;
const PICTURE_WIDTH = 280;
const MARGIN = 24;
const GAP = 16;
const CAPTION = 26;
const MARK = [255, 210, 0] as const;

/**
 * An example of each value in the labels of a data set: the image in which it has the most pixels, with these
 * pixels in yellow and all others grey. An image that cannot be read is black.
 */
export async function valueSheet(
  dataset: Dataset,
  { key, values }: Pick<LabelValues, "key" | "values">,
): Promise<Sheet> {
  const examples = await Promise.all(values.map((value) => draw(dataset, key, value)));
  const height = Math.max(...examples.map(({ size }) => size.height)) + CAPTION;
  const columns = Math.min(COLUMNS, examples.length);
  const rows = Math.ceil(examples.length / columns);
  const place = (i: number) => ({
    left: MARGIN + (i % columns) * (PICTURE_WIDTH + GAP),
    top: MARGIN + Math.floor(i / columns) * (height + GAP),
  });
  const captions = examples.map(({ caption, size }, i) => {
    const { left, top } = place(i);
    return text(left, top + size.height + 18, caption, 13, COLOR.ink);
  });
  const pictures = examples.map(({ rgb, size }, i) => {
    const { left, top } = place(i);
    return pictureAt(rgb, size, left, top);
  });
  const total = {
    width: 2 * MARGIN + columns * PICTURE_WIDTH + (columns - 1) * GAP,
    height: 2 * MARGIN + rows * height + (rows - 1) * GAP,
  };
  return sheet(total, COLOR.paper, captions, pictures);
}

async function draw(
  dataset: Dataset,
  key: LabelValues["key"],
  { value, share, example }: LabelValue,
) {
  const files = dataset.files as DatasetFiles;
  const { image, label } = files.of(example) as { image: string; label: string };
  const file = await readLabel(label, key);
  const size: Size = {
    width: PICTURE_WIDTH,
    height: Math.max(1, Math.round((PICTURE_WIDTH * file.height) / file.width)),
  };
  const data = await readImage(image, size).then(
    ({ data }) => data,
    (error: unknown) => {
      if (error instanceof UserError) return new Uint8Array(3 * size.width * size.height);
      throw error;
    },
  );
  const own = Uint8Array.from(file.values, (other) => Number(other === value));
  const name = printable(dataset.names[example] as string);
  return {
    size,
    rgb: marked(data, resizeNearest(own, file, size)),
    caption: `${key === "color" ? hexColor(value) : value}: ${(100 * share).toFixed(1)} %, ${name.slice(-24)}`,
  };
}

/** RGB [height * width * 3], with the pixels of a mask [height * width] in yellow and the others grey. */
function marked(image: Uint8Array, mask: Uint8Array): Uint8Array {
  const rgb = new Uint8Array(image.length);
  for (const [pixel, isOwn] of mask.entries()) {
    const at = 3 * pixel;
    const [r = 0, g = 0, b = 0] = image.subarray(at, at + 3);
    const grey = 0.299 * r + 0.587 * g + 0.114 * b;
    for (const [channel, color] of MARK.entries()) {
      const own = 0.5 * color + 0.5 * (image[at + channel] as number);
      rgb[at + channel] = Math.round(isOwn ? own : 0.6 * grey);
    }
  }
  return rgb;
}
