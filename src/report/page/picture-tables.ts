import type { RunFiles } from "../run-files.js";
import { readStyleSamples } from "../run-pictures.js";
import { escapeXml } from "../xml.js";
import { embed } from "./embed.js";
import { scrolling } from "./page.js";
import { classKey } from "./plots.js";

/** A picture under a heading: a file, or a data URI. */
export type Cell = {
  readonly title: string;
  readonly kind: "photo" | "labels";
  /** Below the picture. */
  readonly note?: string;
} & ({ readonly path: string } | { readonly uri: string });

/** An image with the pictures that belong to it. */
export interface PictureRow {
  readonly name: string;
  /** Next to the name, such as a score. */
  readonly note?: string;
  readonly cells: readonly Cell[];
}

/** Columns that fit a page; more of them scroll. */
const MOST_FITTING = 7;

/** Rows of pictures of the same columns, under their headings, below the colours of the classes. */
export async function pictureTable(
  rows: readonly PictureRow[],
  { names, colors }: RunFiles["classes"],
): Promise<string> {
  return rows.length === 0 ? "" : classKey(names, colors) + (await pictureRows(rows));
}

/** Rows of pictures of the same columns, under their headings. */
export async function pictureRows(rows: readonly PictureRow[]): Promise<string> {
  const [first] = rows;
  if (!first) return "";
  const heads = first.cells.map(({ title }) => `<span>${escapeXml(title)}</span>`);
  const columns = `style="--n:${heads.length}"`;
  const drawn = await Promise.all(
    rows.map(async ({ name, note, cells }) => {
      const images = await Promise.all(cells.map((cell) => image(name, cell)));
      const more = note === undefined ? "" : ` <span>${escapeXml(note)}</span>`;
      const title = `<h3>${escapeXml(name)}${more}</h3>`;
      return `<div class="picture">${title}<div class="row" ${columns}>${images.join("")}</div></div>`;
    }),
  );
  const head = `<div class="row head" ${columns}>${heads.join("")}</div>`;
  const table = `<div class="pictures" ${columns}>${head}${drawn.join("")}</div>`;
  return heads.length > MOST_FITTING ? scrolling("Pictures", table) : table;
}

async function image(name: string, cell: Cell): Promise<string> {
  const { title, kind, note } = cell;
  const alt = escapeXml(`${title} of ${name}`);
  const exact = kind === "labels" ? ' class="exact"' : "";
  const source = "uri" in cell ? cell.uri : await embed(cell.path, kind);
  const picture = `<img${exact} alt="${alt}" src="${source}">`;
  const below = note === undefined ? "" : `<p class="under">${escapeXml(note)}</p>`;
  return `<figure>${picture}<figcaption>${escapeXml(title)}</figcaption>${below}</figure>`;
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
