import { readFileSync } from "node:fs";
import sharp from "sharp";
import { UserError } from "../../errors.js";
import {
  type ChangeLayer,
  changeCaption,
  changeLayer,
  errorCaption,
  errorLayer,
  idsOfColors,
  type LabelMap,
  type Rgba,
} from "../change-map.js";
import type { Preview } from "../run-pictures.js";
import { dataUri } from "./embed.js";
import type { Cell } from "./picture-tables.js";

/** The cells "error" and "change" of an image, as far as it has truth, prediction and baseline. */
export async function layerCells(
  { truth, prediction, baseline }: Preview,
  colors: readonly (readonly number[])[],
): Promise<Cell[]> {
  if (!truth || !prediction) return [];
  const [real, now] = await Promise.all([labelsIn(truth, colors), labelsIn(prediction, colors)]);
  const error = errorLayer(real, now, colors);
  const cells: Cell[] = [
    { title: "error", uri: await png(error.rgba, real), kind: "labels", note: errorCaption(error) },
  ];
  if (!baseline) return cells;
  const change = changeLayer(real, await labelsIn(baseline, colors), now);
  return [...cells, await changeCell("change", change, real)];
}

/** The cell of what changed from one picture of labels to another, and its shares. */
export async function change(
  title: string,
  files: { readonly truth: string; readonly before: string; readonly after: string },
  colors: readonly (readonly number[])[],
): Promise<{ readonly cell: Cell; readonly layer: ChangeLayer }> {
  const [truth, before, after] = await Promise.all([
    labelsIn(files.truth, colors),
    labelsIn(files.before, colors),
    labelsIn(files.after, colors),
  ]);
  const layer = changeLayer(truth, before, after);
  return { cell: await changeCell(title, layer, truth), layer };
}

const changeCell = async (title: string, layer: ChangeLayer, size: LabelMap): Promise<Cell> => ({
  ...{ title, kind: "labels", note: changeCaption(layer) },
  uri: await png(layer.rgba, size),
});

/** The labels in a picture. @throws UserError if it is damaged */
async function labelsIn(path: string, colors: readonly (readonly number[])[]): Promise<LabelMap> {
  const { data, info } = await sharp(readFileSync(path))
    .removeAlpha()
    .toColourspace("srgb")
    .raw()
    .toBuffer({ resolveWithObject: true })
    .catch((cause: unknown) => {
      throw new UserError(
        "image-unreadable",
        `${path} is not an image, or is damaged: delete it, and write the page again`,
        { cause },
      );
    });
  const { width, height, channels } = info;
  return { ids: idsOfColors(data, channels, colors), width, height };
}

async function png(rgba: Rgba, { width, height }: Omit<LabelMap, "ids">): Promise<string> {
  const image = sharp(rgba, { raw: { width, height, channels: 4 } }).removeAlpha();
  return dataUri(await image.png({ palette: true, compressionLevel: 9 }).toBuffer(), "png");
}
