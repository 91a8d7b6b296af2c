import type {
  ClassSet,
  ImageEntry,
  ImagePage,
  Preview,
  RunDetails,
} from "../../src/dashboard/api.js";
import { place } from "./address.js";
import { button, choice, el } from "./element.js";
import { percent, whole } from "./format.js";
import { getJson, throttled } from "./live.js";
import { pictureUrl } from "./swipe.js";

export const keyOf = ({ set, image }: Pick<Preview, "set" | "image">) => `${set}/${image}`;

export interface ImageGrid {
  /** What the run did to the images, and how they are sorted. */
  readonly head: HTMLElement;
  /** The images. */
  readonly strip: HTMLElement;
  /** The images with pictures, in the order of the grid. */
  order(): readonly Preview[];
  mark(preview: Preview | undefined): void;
  update(details: RunDetails): void;
}

const FIRST = 24;
const MORE = 48;
const ORDERS: readonly (readonly [string, string])[] = [
  ["set", "spread over the set"],
  ["worst", "lowest mIoU"],
  ["gain", "most gain"],
  ["loss", "most loss"],
];

/** The images of a run with their scores, to choose from. */
export function imageGrid(
  details: RunDetails,
  onChoose: (preview: Preview) => void,
  onOrder: () => void,
  signal: AbortSignal,
): ImageGrid {
  const answer = el("p", { class: "answer" });
  const note = el("p", { class: "note" });
  const cells = el("div", { class: "grid", role: "group", "aria-label": "Images" });
  const more = button("Show more", () => {
    count += MORE;
    load();
  });
  const hint = el("span", { class: "hint" });
  const bar = el("div", { class: "toolbar" });
  let count = FIRST;
  let page: ImagePage | null = null;
  let marked: Preview | undefined;
  let kept: Preview[] = [];
  const sets = [...new Set(details.previews.map(({ set }) => set))];
  const setNow = () => place.get("set") ?? sets[0] ?? "";
  const orderNow = () => place.get("sort") ?? "set";
  const spread = () => details.previews.filter(({ set, extreme }) => set === setNow() && !extreme);
  const preview = (name: string) =>
    details.previews.find((one) => one.set === setNow() && one.name === name);

  const load = throttled(400, async () => {
    const [order = "set", classIndex = "", predicted = ""] = orderNow().split(":");
    const query = new URLSearchParams({
      ...{ run: details.summary.id, set: setNow(), order, class: classIndex, predicted },
      count: String(count),
    });
    if (order === "set") for (const { name } of spread()) query.append("name", name);
    page = details.hasImages
      ? await getJson<ImagePage | null>(`api/images?${query}`, signal)
      : null;
    if (signal.aborted) return;
    draw();
    drawBar();
    onOrder();
  });

  function draw(): void {
    const all: readonly (readonly [ImageEntry | undefined, Preview | undefined])[] =
      orderNow() === "set" || !page
        ? spread().map((one) => [page?.entries.find(({ name }) => name === one.name), one])
        : page.entries.map((entry) => [entry, preview(entry.name)]);
    kept = all.flatMap(([, one]) => one ?? []);
    cells.replaceChildren(
      ...all.map(([entry, one]) =>
        cell(entry, one, details, () => {
          if (one) onChoose(one);
        }),
      ),
    );
    if (all.length === 0)
      cells.append(el("p", { class: "note" }, "No image has a value to sort by."));
    answer.replaceChildren(...answerOf(page, details));
    note.textContent = noteOf(page, details, orderNow());
    const left = orderNow() === "set" || !page ? 0 : page.sorted - page.entries.length;
    more.hidden = left <= 0 || count >= 500;
    hint.hidden = left <= 0;
    hint.textContent = `${whole(all.length)} of ${whole(page?.sorted ?? 0)} shown`;
    mark(marked);
  }

  function mark(next: Preview | undefined): void {
    marked = next;
    for (const one of cells.children) {
      const on = next !== undefined && one.getAttribute("data-key") === keyOf(next);
      if (one.tagName === "BUTTON") one.setAttribute("aria-pressed", String(on));
      if (on) intoView(one as HTMLElement, cells);
    }
  }

  let drawn = "";
  function drawBar(): void {
    const orders = ordersOf(page, details.classes, orderNow());
    const now = JSON.stringify([orders, orderNow(), setNow(), details.hasImages]);
    if (now === drawn) return; // an open list of choices stays open
    drawn = now;
    const sort = choice("Sort by", orders, orderNow(), (value) => {
      place.set({ sort: value === "set" ? undefined : value });
      count = FIRST;
      load();
    });
    const pick =
      sets.length > 1 &&
      choice(
        "Set",
        sets.map((one) => [one, one]),
        setNow(),
        (set) => {
          place.set({ set });
          load();
        },
      );
    bar.replaceChildren(
      ...[pick, details.hasImages && sort, more, hint].filter((one) => one !== false),
    );
  }
  drawBar();
  draw();
  load();
  return {
    head: el("div", { class: "image-grid" }, answer, note, bar),
    strip: cells,
    order: () => kept,
    mark,
    update(next) {
      if (next.hasImages !== details.hasImages) {
        details = next;
        drawBar();
      }
      details = next;
      load();
    },
  };
}

/** The orders to choose from: of confusions the largest ones, and the chosen one. */
function ordersOf(page: ImagePage | null, classes: ClassSet | undefined, chosen: string) {
  const names = classes?.names ?? [];
  const confusions = (page?.confusions ?? []).map(
    ({ truth, predicted }) => `confusion:${truth}:${predicted}`,
  );
  if (chosen.startsWith("confusion:") && !confusions.includes(chosen)) confusions.push(chosen);
  return [
    ...ORDERS,
    ...confusions.map((key) => [key, confusionName(key, names)] as const),
    ...names.map((name, k) => [`class:${k}`, `lowest IoU of ${name}`] as const),
  ];
}

/** "car taken for truck", of the order "confusion:13:14" */
function confusionName(order: string, names: readonly string[]): string {
  const [truth, predicted] = order
    .split(":")
    .slice(1)
    .map((k) => names[Number(k)] ?? `class ${k}`);
  return `${truth} taken for ${predicted}`;
}

/** Scrolls the strip, and never the page. */
function intoView(one: HTMLElement, strip: HTMLElement): void {
  const [box, frame] = [one.getBoundingClientRect(), strip.getBoundingClientRect()];
  if (box.top < frame.top || box.bottom > frame.bottom) strip.scrollTop += box.top - frame.top - 8;
  if (box.left < frame.left || box.right > frame.right) {
    strip.scrollLeft += box.left - frame.left - 8;
  }
}

function cell(
  entry: ImageEntry | undefined,
  preview: Preview | undefined,
  { summary }: RunDetails,
  onClick: () => void,
): HTMLElement {
  const name = preview?.name ?? entry?.name ?? "";
  const words = el("span", { class: "cell-name" }, name);
  const numbers = el("span", { class: "cell-scores" }, ...scoresOf(entry));
  if (!preview) {
    const empty = el("span", { class: "cell-empty" }, "no picture kept");
    return el("div", { class: "cell", title: name }, empty, words, numbers);
  }
  const src = pictureUrl(
    summary.id,
    `previews/${preview.set}/${preview.image}/input.jpg`,
    summary.started,
  );
  const picture = el("img", { src, alt: "", loading: "lazy" });
  const attributes = { class: "cell", type: "button", "data-key": keyOf(preview), title: name };
  const element = el("button", { ...attributes, "aria-pressed": "false" }, picture, words, numbers);
  element.addEventListener("click", onClick);
  return element;
}

function scoresOf(entry: ImageEntry | undefined): (Node | string)[] {
  if (!entry) return [];
  const { score, before, classIou, confused } = entry;
  if (confused !== undefined) return [`${percent(confused)} %`];
  const shown = classIou === undefined ? score : classIou;
  if (shown === null) return ["–"];
  if (before === undefined || score === null) return [percent(shown)];
  const gain = Number((score - before).toFixed(3));
  const [sign, look] = gain === 0 ? ["±", "faint"] : gain < 0 ? ["−", "loss"] : ["+", "gain"];
  return [`${percent(shown)} `, el("span", { class: look }, `${sign}${percent(Math.abs(gain))}`)];
}

/** "58 of 100 images better, 42 worse" */
function answerOf(page: ImagePage | null, { baseline }: RunDetails): (Node | string)[] {
  if (!page || page.compared === 0 || !baseline) return [];
  const { better, worse, compared } = page;
  return [
    el("b", {}, `${whole(better)} of ${whole(compared)} better, ${whole(worse)} worse`),
    ` than ${baseline.id}`,
  ];
}

/** What the numbers are, and what the run lacks. */
function noteOf(
  page: ImagePage | null,
  { summary, baseline, hasImages, classes }: RunDetails,
  order: string,
): string {
  if (!hasImages || !page) {
    const later = summary.state === "running" ? "The first evaluation writes them." : "";
    return `This run has no scores of single images (images.jsonl). ${later || `cfcontra evaluate ${summary.id} writes them.`}`;
  }
  if (order.startsWith("confusion:")) {
    const about = `Share of the labelled pixels that are ${confusionName(order, classes?.names ?? []).replace("taken for", "and predicted as")}, at step ${whole(page.step)}, if it is one of the image's six largest confusions.`;
    return page.confusions
      ? about
      : `The image scores of this run hold no confusions. cfcontra evaluate ${summary.id} writes them.`;
  }
  const about = `mIoU of ${whole(page.images)} images of ${page.set} at step ${whole(page.step)}, over the classes that each image has`;
  const lacking = page.confusions
    ? ""
    : ` The scores hold no confusions to sort by: cfcontra evaluate ${summary.id} writes them.`;
  if (!baseline) return `${about}. The run has no baseline to compare with.${lacking}`;
  if (page.compared > 0) return `${about}; then the difference to the baseline.${lacking}`;
  return `${about}. The baseline, ${baseline.id}, has no scores of the same images: cfcontra evaluate ${baseline.id} writes them.${lacking}`;
}
