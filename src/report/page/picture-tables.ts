import type { RunFiles } from "../run-files.js";
import { readPreviews, readStyleSamples } from "../run-pictures.js";
import { escapeXml } from "../xml.js";
import { embed } from "./embed.js";
import { scrolling } from "./page.js";
import { classKey } from "./plots.js";

/** A picture file under a heading. */
export interface Cell {
  readonly title: string;
  readonly path: string;
  readonly kind: "photo" | "labels";
}

/** An image with the pictures that belong to it. */
export interface PictureRow {
  readonly name: string;
  readonly cells: readonly Cell[];
}

/** Images of the target with prediction, entropy and truth, of the newest snapshot. */
export function pictures({ path, sets, classes }: RunFiles): Promise<string> {
  const rows = readPreviews(path, sets[0] as string).map((one): PictureRow => {
    const photo = (title: string, file: string | undefined) =>
      file === undefined ? [] : [{ title, path: file, kind: "photo" } as const];
    const labels = (title: string, file: string | undefined) =>
      file === undefined ? [] : [{ title, path: file, kind: "labels" } as const];
    const cells = [
      ...photo("image", one.input),
      ...labels("prediction", one.prediction),
      ...photo("entropy", one.entropy),
      ...labels("truth", one.truth),
    ];
    return { name: one.name, cells };
  });
  return pictureTable(rows, classes);
}

/** Columns that fit a page; more of them scroll. */
const MOST_FITTING = 7;

/** Rows of pictures of the same columns, under their headings, below the colours of the classes. */
export async function pictureTable(
  rows: readonly PictureRow[],
  { names, colors }: RunFiles["classes"],
): Promise<string> {
  const [first] = rows;
  if (!first) return "";
  const heads = first.cells.map(({ title }) => `<span>${escapeXml(title)}</span>`);
  const columns = `style="--n:${heads.length}"`;
  const drawn = await Promise.all(
    rows.map(async ({ name, cells }) => {
      const images = await Promise.all(cells.map((cell) => image(name, cell)));
      const title = `<h3>${escapeXml(name)}</h3>`;
      return `<div class="picture">${title}<div class="row" ${columns}>${images.join("")}</div></div>`;
    }),
  );
  const head = `<div class="row head" ${columns}>${heads.join("")}</div>`;
  const table = `<div class="pictures" ${columns}>${head}${drawn.join("")}</div>`;
  return (
    classKey(names, colors) + (heads.length > MOST_FITTING ? scrolling("Pictures", table) : table)
  );
}

async function image(name: string, { title, path, kind }: Cell): Promise<string> {
  const alt = escapeXml(`${title} of ${name}`);
  const exact = kind === "labels" ? ' class="exact"' : "";
  const picture = `<img${exact} alt="${alt}" src="${await embed(path, kind)}">`;
  return `<figure>${picture}<figcaption>${escapeXml(title)}</figcaption></figure>`;
}

/** Source images before and after the coarse stage, two pairs to a row. */
export async function styleSamples({ path }: RunFiles): Promise<string> {
  const images: string[] = [];
  for (const { content, result } of readStyleSamples(path)) {
    const name = "a source image";
    images.push(await image(name, { title: "before", path: content, kind: "photo" }));
    images.push(await image(name, { title: "after", path: result, kind: "photo" }));
  }
  if (images.length === 0) return "";
  return `<div class="pictures"><div class="row" style="--n:4">${images.join("")}</div></div>`;
}
