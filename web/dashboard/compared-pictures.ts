import type { Preview, RunDetails } from "../../src/dashboard/api.js";
import { changeLegend, classLegend } from "./class-legend.js";
import { button, el } from "./element.js";
import { pairsOf } from "./group-scores.js";
import type { Group } from "./groups.js";
import { draw, type Layer, type Moment, sameImage, stepUpTo } from "./layers.js";
import { groupSwatch } from "./score-tables.js";

/** Images of the drawn groups, with truth, predictions, and changes against the baselines. */
export interface ComparedPictures {
  readonly element: HTMLElement;
  show(groups: readonly Group[], details: ReadonlyMap<string, RunDetails>): void;
}

/** A column: layers of the images of a run, below each other. */
interface Column {
  readonly title: string;
  readonly layers: readonly Layer[];
  readonly details: RunDetails;
  readonly group?: Group;
}

const FIRST = 4;

export function comparedPictures(signal: AbortSignal): ComparedPictures {
  const rows = el("div", { class: "compared" });
  const note = el("p", { class: "note" });
  const keys = el("div", {});
  let count = FIRST;
  let shown = "";
  let again = () => {};
  const more = button("Show all", () => {
    count = Number.POSITIVE_INFINITY;
    again();
  });
  const seen = new IntersectionObserver(
    (entries) => {
      for (const { isIntersecting, target } of entries) {
        if (!isIntersecting) continue;
        seen.unobserve(target);
        target.dispatchEvent(new Event("seen"));
      }
    },
    { rootMargin: "600px" },
  );
  signal.addEventListener("abort", () => seen.disconnect());

  return {
    element: el("div", {}, note, keys, rows, more),
    show(groups, details) {
      again = () => this.show(groups, details);
      const runs = groups.flatMap((group) => {
        const run = group.color === undefined ? undefined : picturedRun(group, details);
        return run ? [{ group, run }] : [];
      });
      const [first] = runs;
      const spread = first?.run.previews.filter(({ extreme }) => !extreme) ?? [];
      const images = spread.filter((one) =>
        runs.every(({ run }) => (sameImage(run, one)?.predictions.length ?? 0) > 0),
      );
      const without = groups.filter(
        (group) => group.color !== undefined && !runs.some((one) => one.group === group),
      );
      const lacking =
        without.length > 0
          ? ` Without pictures: ${without.map(({ name }) => name).join(", ")}.`
          : "";
      note.textContent =
        images.length > 0
          ? `One run of each drawn group at its newest evaluation; below it what the run changed against its baseline.${lacking}`
          : "The drawn groups have no pictures of the same images.";
      keys.hidden = images.length === 0;
      more.hidden = images.length <= count;
      const columns = first ? columnsOf(first.run, runs, images) : [];
      const now = JSON.stringify([
        ...[count, images.map(({ name }) => name)],
        columns.map(({ title, layers, details: { summary }, group }) => [
          ...[title, layers, summary.id, summary.step, group?.color],
        ]),
      ]);
      if (now === shown) return;
      shown = now;
      const hasChange = columns.some(({ layers }) => layers.includes("change"));
      keys.replaceChildren(
        ...[hasChange && changeLegend(), classLegend(first?.run.classes)].filter(
          (one) => one !== false,
        ),
      );
      rows.replaceChildren(...images.slice(0, count).map((image) => row(image, columns)));
    },
  };

  function row(image: Preview, columns: readonly Column[]): HTMLElement {
    const cells = el("div", { class: "compared-row" });
    cells.style.setProperty("--columns", String(columns.length));
    const element = el("section", {}, el("h3", {}, image.name), cells);
    for (const column of columns) {
      const head = el("figcaption", {}, column.group && groupSwatch(column.group), column.title);
      const figure = el("figure", {}, head);
      for (const layer of column.layers) {
        const what = layer === "change" ? `${column.title}, change` : column.title;
        const canvas = el("canvas", { role: "img", "aria-label": `${what} of ${image.name}` });
        const caption = el("p", { class: "under" });
        figure.append(canvas, caption);
        const paintIt = () => void paint(canvas, caption, column.details, layer, image);
        element.addEventListener("seen", paintIt, { once: true });
      }
      cells.append(figure);
    }
    seen.observe(element);
    return element;
  }
}

async function paint(
  canvas: HTMLCanvasElement,
  caption: HTMLElement,
  details: RunDetails,
  layer: Layer,
  image: Preview,
): Promise<void> {
  try {
    const preview = sameImage(details, image);
    if (!preview) throw new Error("The run keeps no picture of this image.");
    const step = stepUpTo(preview, Number.POSITIVE_INFINITY) ?? 0;
    const drawn = await draw({ details, preview, step } satisfies Moment, layer);
    [canvas.width, canvas.height] = [drawn.pixels.width, drawn.pixels.height];
    canvas.getContext("2d")?.putImageData(drawn.pixels, 0, 0);
    caption.textContent = layer === "change" ? (drawn.caption.split(": ").at(-1) ?? "") : "";
  } catch (error) {
    canvas.hidden = true;
    caption.textContent = (error as Error).message;
  }
}

/** The run of a group whose pictures are shown: one with a baseline, if it has pictures; else the first with some. */
function picturedRun(
  { runs }: Group,
  details: ReadonlyMap<string, RunDetails>,
): RunDetails | undefined {
  const all = runs.flatMap(({ id }) => details.get(id) ?? []);
  const baselines = new Map(
    all.flatMap(({ summary, baseline }) => (baseline ? [[summary.id, baseline] as const] : [])),
  );
  const set = Object.keys(runs[0]?.last ?? {})[0] ?? "";
  const paired = pairsOf(runs, baselines, set).flatMap(({ id }) => details.get(id) ?? []);
  return [...paired, ...all].find(({ previews }) => previews.length > 0);
}

function columnsOf(
  first: RunDetails,
  runs: readonly { readonly group: Group; readonly run: RunDetails }[],
  images: readonly Preview[],
): Column[] {
  const hasTruth = images.some(({ truth }) => truth);
  return [
    { title: "image", layers: ["input"], details: first },
    ...(hasTruth ? [{ title: "truth", layers: ["truth"], details: first } as const] : []),
    ...runs.map(({ group, run }): Column => {
      const changes = hasTruth && run.baseline !== undefined;
      const layers = changes ? (["prediction", "change"] as const) : (["prediction"] as const);
      return { title: group.name, layers, details: run, group };
    }),
  ];
}
