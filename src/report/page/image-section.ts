import { CHANGE_KEY, LAYER_COLORS } from "../change-map.js";
import { readImageMious } from "../image-lines.js";
import { betterAndWorse, type Extreme, extremeImages } from "../image-ranking.js";
import type { RunFiles } from "../run-files.js";
import { type Preview, readPreviews } from "../run-pictures.js";
import { percent } from "../score-table.js";
import { escapeXml } from "../xml.js";
import { layerCells } from "./label-layers.js";
import { type Cell, type PictureRow, pictureRows } from "./picture-tables.js";
import { classKey, css } from "./plots.js";
import type { Reference } from "./reference.js";
import { difference } from "./scores.js";

/** Images of each kind on the page. */
const MOST_SHOWN = 3;
const KINDS: readonly (readonly [Extreme, string])[] = [
  ["worst", "The lowest mIoU"],
  ["gain", "The most gain"],
  ["loss", "The most loss"],
];

/** The mIoU of single images, by name. */
type Mious = ReadonlyMap<string, number>;

/**
 * Images of the target with truth, prediction, entropy, errors and changes: some spread over the set, and those
 * with the lowest mIoU, the most gain and the most loss.
 */
export async function imageSection(
  { path, sets, classes }: RunFiles,
  reference: Reference | undefined,
): Promise<string> {
  const set = sets[0] as string;
  const previews = readPreviews(path, set);
  if (previews.length === 0) return "";
  const own = readImageMious(path, set) ?? new Map();
  const before = (reference && readImageMious(reference.run.path, set)) ?? new Map();
  const row = async (preview: Preview): Promise<PictureRow> => {
    const { name } = preview;
    const score = own.get(name);
    const old = before.get(name);
    const gain =
      score === undefined || old === undefined ? "" : `, ${difference(score - old).text}`;
    const note = score === undefined ? {} : { note: `mIoU ${percent(score)} %${gain}` };
    return { name, ...note, cells: await cellsOf(preview, classes.colors) };
  };
  const rows = (some: readonly Preview[]) => Promise.all(some.map(row));
  const byName = new Map(previews.map((preview) => [preview.name, preview]));
  const blocks: string[] = [];
  for (const [kind, names] of extremeNames(own, before)) {
    const kept = names.flatMap((name) => byName.get(name) ?? []).slice(0, MOST_SHOWN);
    const title = KINDS.find(([one]) => one === kind)?.[1] ?? kind;
    if (kept.length > 0) blocks.push(heading(title) + (await pictureRows(await rows(kept))));
  }
  const spread = previews.filter(({ extreme }) => !extreme);
  if (blocks.length > 0) blocks.push(heading("Spread over the set"));
  blocks.push(await pictureRows(await rows(spread)));
  const hasChange = previews.some(({ baseline }) => baseline !== undefined);
  return (
    sentence(own, before, reference) +
    classKey(classes.names, classes.colors) +
    (hasChange ? changeKey() : "") +
    blocks.join("")
  );
}

async function cellsOf(preview: Preview, colors: RunFiles["classes"]["colors"]): Promise<Cell[]> {
  const cell = (title: string, path: string | undefined, kind: Cell["kind"]): Cell[] =>
    path === undefined ? [] : [{ title, path, kind }];
  return [
    ...cell("image", preview.input, "photo"),
    ...cell("truth", preview.truth, "labels"),
    ...cell("prediction", preview.prediction, "labels"),
    ...cell("entropy", preview.entropy, "photo"),
    ...(await layerCells(preview, colors)),
  ];
}

/** The images of each kind by name, the most extreme first. */
function extremeNames(own: Mious, before: Mious): [Extreme, string[]][] {
  const names = [...own.keys()];
  const found = extremeImages();
  for (const [i, name] of names.entries()) {
    found.add(i, own.get(name) as number, before.get(name));
  }
  return KINDS.map(([kind]) => [kind, found.list(kind).map((i) => names[i] as string)]);
}

/** "58 of 100 images are better than source-only, 42 worse", or what is missing. */
function sentence(own: Mious, before: Mious, reference: Reference | undefined): string {
  const note = (words: string) => `<p class="note">${escapeXml(words)}</p>`;
  if (own.size === 0) {
    return note(
      "The run has no scores of single images (images.jsonl): `cfcontra evaluate` writes them.",
    );
  }
  if (!reference) return "";
  const { better, worse, images } = betterAndWorse(own, before);
  if (images === 0) {
    return note(
      `${reference.run.name} has no scores of the same images (images.jsonl): \`cfcontra evaluate\` writes them.`,
    );
  }
  return `<p class="answer"><b>${better}</b> of ${images} images are better than ${escapeXml(reference.name)}, <b>${worse}</b> worse.</p>`;
}

const heading = (words: string) => `<h3 class="kind">${escapeXml(words)}</h3>`;

/** The colours of the layer "change". */
export const changeKey = (): string =>
  `<div class="key">${CHANGE_KEY.map(
    ([kind, words]) =>
      `<span><i${kind === "broken" ? ' class="hatched"' : ""} style="background-color:${css(LAYER_COLORS[kind])}"></i>${escapeXml(words)}</span>`,
  ).join("")}</div>`;
