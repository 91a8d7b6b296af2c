import { spread } from "../datasets/check.js";
import { overlay } from "../datasets/colorize.js";
import type { ClassSet, Dataset, Sample, Size } from "../datasets/dataset.js";
import { UserError } from "../errors.js";
import { printable } from "../printable.js";
import { COLOR, pictureAt, type Sheet, sheet, text } from "./sheet.js";

export interface ContactSheetOptions {
  /** Samples to show, spread evenly over the set; all if there are fewer. */
  readonly count: number;
  readonly columns: number;
  /** Size of a picture. */
  readonly size: Size;
}

const MARGIN = 24;
const GAP = 16;
const HEADER = 58;
const CAPTION = 24;
const LEGEND_ROW = 24;
const HOLE = "#262a31";

/**
 * Pictures of a data set, each above the same picture with its label, and a legend. Classes that do not
 * occur in these labels are dimmed. A sample that cannot be read becomes an empty cell with its name.
 * @returns RGB [height * width * 3] and its size
 */
export async function contactSheet(
  dataset: Dataset,
  { count, columns, size }: ContactSheetOptions,
): Promise<Sheet> {
  const indices = spread(dataset.names.length, count);
  const samples = await Promise.all(indices.map((index) => loadOrNothing(dataset, index, size)));
  const across = Math.max(1, Math.min(columns, indices.length));
  const rows = Math.ceil(indices.length / across);
  const cell = {
    width: size.width,
    height: size.height * (dataset.labelled ? 2 : 1) + CAPTION,
  };
  const width = Math.max(2 * MARGIN + across * cell.width + (across - 1) * GAP, 480);
  const legend = dataset.labelled
    ? drawLegend(dataset.classes, samples, width)
    : { svg: [], height: 0 };
  const gridBottom = MARGIN + HEADER + rows * cell.height + (rows - 1) * GAP;
  const height = gridBottom + GAP + legend.height + MARGIN;

  const place = (i: number) => ({
    left: MARGIN + (i % across) * (cell.width + GAP),
    top: MARGIN + HEADER + Math.floor(i / across) * (cell.height + GAP),
  });
  const pictures = samples.flatMap((sample, i) => {
    if (!sample) return [];
    const { left, top } = place(i);
    const image = pictureAt(sample.image, size, left, top);
    if (!sample.label) return [image];
    const labelled = overlay(sample.image, sample.label, dataset.classes);
    return [image, pictureAt(labelled, size, left, top + size.height)];
  });
  const captions = indices.map((index, i) =>
    drawCell(dataset.names[index] as string, { ...place(i), ...cell }, samples[i] === undefined),
  );
  const svg = [
    ...drawHeader(dataset, indices.length, width),
    ...captions,
    `<g transform="translate(0 ${gridBottom + GAP})">${legend.svg.join("")}</g>`,
  ];
  return sheet({ width, height }, COLOR.paper, svg, pictures);
}

async function loadOrNothing(
  dataset: Dataset,
  index: number,
  size: Size,
): Promise<Sample | undefined> {
  return dataset.load(index, size).catch((error: unknown) => {
    if (error instanceof UserError) return undefined;
    throw error;
  });
}

function drawHeader({ name, names, classes, labelled }: Dataset, shown: number, width: number) {
  const facts = [
    `${names.length} images${shown < names.length ? `, ${shown} of them shown` : ""}`,
    labelled ? `${classes.names.length} classes` : "without labels",
  ];
  return [
    text(MARGIN, MARGIN + 17, shorten(name, width - 2 * MARGIN, 11), 18, COLOR.ink, {
      weight: "bold",
    }),
    text(MARGIN, MARGIN + 40, facts.join(" · "), 13, COLOR.faint),
  ];
}

interface Box extends Size {
  readonly left: number;
  readonly top: number;
}

/** The caption below a pair of pictures, and an empty cell if they cannot be read. */
function drawCell(name: string, { left, top, width, height }: Box, missing: boolean): string {
  const caption = text(left, top + height - 7, shorten(name, width, 6.8), 11, COLOR.faint);
  if (!missing) return caption;
  const [middle, center] = [left + width / 2, top + (height - CAPTION) / 2];
  return (
    `<rect x="${left}" y="${top}" width="${width}" height="${height - CAPTION}" fill="${HOLE}"/>` +
    text(middle, center, "cannot be read", 13, COLOR.ink, { anchor: "middle" }) +
    caption
  );
}

/** A swatch and a name for each class, column by column. */
function drawLegend(
  { names, colors }: ClassSet,
  samples: readonly (Sample | undefined)[],
  width: number,
): { svg: string[]; height: number } {
  const shown = new Set(
    samples.flatMap((sample) => (sample?.label ? [...new Set(sample.label)] : [])),
  );
  const column = Math.max(...names.map((name) => name.length)) * 7.6 + 46;
  const columns = Math.max(1, Math.floor((width - 2 * MARGIN) / column));
  const rows = Math.ceil(names.length / columns);
  const svg = names.map((name, trainId) => {
    const x = MARGIN + Math.floor(trainId / rows) * column;
    const y = (trainId % rows) * LEGEND_ROW;
    const swatch = `<rect x="${x + 0.5}" y="${y + 4.5}" width="22" height="14" rx="3" fill="rgb(${colors[trainId]})" stroke="#ffffff" stroke-opacity="0.35"/>`;
    const opacity = shown.has(trainId) ? 1 : 0.35;
    return `<g opacity="${opacity}">${swatch}${text(x + 31, y + 16, name, 13, COLOR.ink)}</g>`;
  });
  return { svg, height: rows * LEGEND_ROW };
}

/** Shortens a name to its end, by which names differ. */
function shorten(written: string, width: number, perCharacter: number): string {
  const name = printable(written);
  const most = Math.max(4, Math.floor(width / perCharacter));
  return name.length <= most ? name : `…${name.slice(1 - most)}`;
}
