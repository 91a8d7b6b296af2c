import { type ChangeLayer, changeCaption, changeOfAll } from "../change-map.js";
import type { Comparison, Group } from "../comparison.js";
import { type Preview, readPreviews } from "../run-pictures.js";
import { escapeXml } from "../xml.js";
import { changeKey } from "./image-section.js";
import { change } from "./label-layers.js";
import { LINES } from "./palette.js";
import { type Cell, type PictureRow, pictureTable } from "./picture-tables.js";

/** A group's pictures by the image's name. */
interface Pictured {
  readonly label: string;
  readonly previews: ReadonlyMap<string, Preview>;
  /** The run that it is compared with, and that run's predictions. */
  readonly baseline?: { readonly name: string; readonly files: ReadonlyMap<string, string> };
}

/**
 * Every spread image that all groups with pictures have: image, truth, and of each group the prediction and its change from the
 * baseline.
 */
export async function comparedPictures({ groups, sets }: Comparison): Promise<string> {
  const set = sets[0] as string;
  const shown = groups
    .slice(0, LINES)
    .map((group) => picturedOf(group, set))
    .filter(({ previews }) => previews.size > 0);
  const classes = groups[0]?.runs[0]?.classes ?? { names: [], colors: [] };
  const names = [...(shown[0]?.previews.keys() ?? [])].filter((name) =>
    shown.every(({ previews }) => previews.get(name)?.prediction),
  );
  const truths = new Map(
    names.flatMap((name) => {
      const truth = shown.find(({ previews }) => previews.get(name)?.truth)?.previews.get(name);
      return truth?.truth === undefined ? [] : [[name, truth.truth] as const];
    }),
  );
  const changed = shown.filter(({ baseline }) =>
    names.every((name) => truths.has(name) && baseline?.files.has(name)),
  );
  const layers = new Map<Pictured, ChangeLayer[]>(changed.map((one) => [one, []]));

  async function cellsOf(one: Pictured, name: string): Promise<Cell[]> {
    const path = one.previews.get(name)?.prediction as string;
    const own: Cell = { title: one.label, path, kind: "labels" };
    const known = layers.get(one);
    if (!known) return [own];
    const files = {
      ...{ truth: truths.get(name) as string, after: path },
      before: one.baseline?.files.get(name) as string,
    };
    const { cell, layer } = await change(`${one.label}, change`, files, classes.colors);
    known.push(layer);
    return [own, cell];
  }

  const rows: PictureRow[] = [];
  for (const name of names) {
    const input = shown[0]?.previews.get(name)?.input as string;
    const cells: Cell[] = [{ title: "image", path: input, kind: "photo" }];
    const truth = truths.get(name);
    if (truth) cells.push({ title: "truth", path: truth, kind: "labels" });
    for (const one of shown) cells.push(...(await cellsOf(one, name)));
    rows.push({ name, cells });
  }
  const answers = [...layers].map(([one, own]) => answer(one, own));
  return (
    (rows.length > 0 ? answers.join("") : "") +
    (rows.length > 0 && changed.length > 0 ? changeKey() : "") +
    (await pictureTable(rows, classes))
  );
}

function picturedOf({ label, pictured: { run, baseline } }: Group, set: string): Pictured {
  const spread = readPreviews(run.path, set).filter(({ extreme }) => !extreme);
  const previews = new Map(spread.map((one) => [one.name, one]));
  if (!baseline) return { label, previews };
  const before = readPreviews(baseline.path, set).flatMap(({ name, prediction }) =>
    prediction === undefined ? [] : [[name, prediction] as const],
  );
  return { label, previews, baseline: { name: baseline.name, files: new Map(before) } };
}

/** "cfcontra fixed 3.0 %, broke 1.5 % of the pixels of these 12 images, against source-only-1." */
const answer = ({ label, baseline }: Pictured, layers: readonly ChangeLayer[]): string =>
  `<p class="answer"><b>${escapeXml(label)}</b> ${changeCaption(changeOfAll(layers))} of the labelled pixels of ` +
  `${layers.length === 1 ? "this image" : `these ${layers.length} images`}, against ${escapeXml(baseline?.name ?? "")}.</p>`;
