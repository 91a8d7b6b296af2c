import type { Buckets, ConfusionCounts } from "../../src/dashboard/api.js";
import { place, runsHref } from "./address.js";
import { classSwatch } from "./class-legend.js";
import { pseudoByClass } from "./curves-tab.js";
import { choice, el } from "./element.js";
import { percent } from "./format.js";
import { getJson, throttled } from "./live.js";
import { type Matrix, matrix, scaleLegend } from "./matrix.js";
import { gainText } from "./run-columns.js";
import { seriesOf } from "./series.js";
import { spark } from "./spark.js";
import type { Tab } from "./tab.js";

/** IoU of every class, now and over training, and the confusion matrix. */
export const classesTab: Tab = ({ id, details, signal }) => {
  const keys = ["iou/", ...pseudoByClass(details.summary)];
  const series = seriesOf([id], { keys, buckets: 60 }, signal);
  const body = el("tbody", {});
  const head = el("tr", {});
  const table = el(
    "div",
    { class: "table-hold", tabindex: "0", role: "region", "aria-label": "IoU by class" },
    el(
      "table",
      { class: "scores" },
      el("caption", { class: "unseen" }, "IoU by class, in percent"),
      el("thead", {}, head),
      body,
    ),
  );
  const confusion = el("div", {});
  const names = details.classes?.names ?? [];
  const note = el(
    "p",
    { class: "note" },
    "Pseudo-labels at the method's own threshold, on labelled evaluation images: the share of a class's pixels that has one, and the share of a class's pseudo-labels that is right.",
  );

  function show(): void {
    const own = series.runs.get(id) ?? new Map<string, Buckets>();
    const sets = Object.keys(details.summary.last).filter((set) =>
      [...own.keys()].some((key) => key.startsWith(`iou/${set}/`)),
    );
    const base = details.baseline?.iou ?? [];
    const pseudo = sets.filter((set) =>
      [...own.keys()].some((key) => key.startsWith(`pseudo/${set}/`)),
    );
    const title = (words: string) => el("th", { scope: "col", class: "number" }, words);
    head.replaceChildren(
      el("th", { scope: "col" }, "Class"),
      ...sets.flatMap((set, i) => [
        title(`IoU ${set}, %`),
        ...(i === 0 && base.length > 0 ? [title(`To ${details.baseline?.kind}`)] : []),
        el("th", { scope: "col" }, "Over training"),
      ]),
      ...pseudo.flatMap((set) => [title(`Labelled ${set}, %`), title("Right, %")]),
    );
    note.hidden = pseudo.length === 0;
    body.replaceChildren(
      ...names.map((name, k) =>
        el(
          "tr",
          {},
          el("th", { scope: "row" }, classSwatch(details.classes, k), name),
          ...sets.flatMap((set, i) => {
            const values = own.get(`iou/${set}/${name}`)?.mean ?? [];
            const last = values.at(-1);
            const meter = el("span", { class: "bar", "aria-hidden": "true" });
            meter.style.setProperty("--share", String(last ?? 0));
            const words = `${name} on ${set}: from ${percent(values[0])} to ${percent(last)} percent`;
            return [
              el("td", { class: "number" }, meter, el("span", { class: "value" }, percent(last))),
              ...(i === 0 && base.length > 0 ? [gainCell(last, base[k])] : []),
              el("td", {}, values.length > 1 ? spark(values, words, 1) : ""),
            ];
          }),
          ...pseudo.flatMap((set) =>
            ["coverage", "accuracy"].map((what) => {
              const value = own.get(`pseudo/${set}/${what}/${name}`)?.mean.at(-1);
              return el("td", { class: "number" }, percent(value));
            }),
          ),
        ),
      ),
    );
  }

  /** Opens the images, sorted by a confusion. */
  function showImages(truth: number, predicted: number): void {
    if (truth === predicted) return;
    const set = place.get("matrix") ?? details.previews[0]?.set;
    const sort = `confusion:${truth}:${predicted}`;
    place.go(runsHref([id], { tab: "images", sort, ...(set ? { set } : {}) }));
  }

  let shown: Matrix | undefined;
  async function showConfusion(): Promise<void> {
    const found = await getJson<ConfusionCounts | null>(
      `api/confusion?run=${encodeURIComponent(id)}`,
      signal,
    );
    if (!found || signal.aborted) return;
    const sets = Object.keys(found.sets);
    const set = sets.find((one) => one === place.get("matrix")) ?? (sets[0] as string);
    if (!shown) {
      const hasImages = details.hasImages && details.previews.length > 0;
      const options = {
        title: "Confusion",
        note: `Rows: truth, columns: prediction. Share of a class's pixels at the newest evaluation; colours show its square root, so that rare confusions are visible.${hasImages ? " Click a cell for the images with this confusion." : ""}`,
        rows: "truth",
        columns: "prediction",
        scale: Math.sqrt,
        format: (share: number) => `${percent(share)} %`,
        ...(hasImages ? { onChoose: showImages } : {}),
      };
      shown = matrix(options, details.classes ?? { names: [], colors: [] }, signal);
      const pick = choice(
        "Set",
        sets.map((one) => [one, one]),
        set,
        (one) => {
          place.set({ matrix: one });
          void showConfusion();
        },
      );
      confusion.replaceChildren(
        el("div", { class: "toolbar" }, pick),
        shown.element,
        scaleLegend("0 %", "100 %"),
      );
    }
    shown.show(shares(found.sets[set] ?? []));
  }

  const load = throttled(1000, async () => {
    await Promise.all([series.load({}), details.hasConfusion ? showConfusion() : undefined]);
    if (!signal.aborted) show();
  });
  load();
  return {
    element: el("div", { class: "classes" }, el("div", {}, table, note), confusion),
    update(next) {
      details = next;
      load();
    },
  };
};

function gainCell(own: number | undefined, base: number | null | undefined): HTMLElement {
  if (own === undefined || typeof base !== "number") return el("td", { class: "number" }, "–");
  const sign = own < base ? "bad" : "good";
  return el("td", { class: `number ${sign}` }, gainText(own - base));
}

/** Counts as shares of their row; null where the row is empty. */
function shares(counts: readonly (readonly number[])[]): (number | null)[][] {
  return counts.map((row) => {
    const sum = row.reduce((all, count) => all + count, 0);
    return row.map((count) => (sum > 0 ? count / sum : null));
  });
}
