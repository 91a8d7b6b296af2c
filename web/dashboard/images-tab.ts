import type { Preview, RunDetails, RunSummary } from "../../src/dashboard/api.js";
import { place } from "./address.js";
import { changeLegend, classLegend } from "./class-legend.js";
import { button, choice, el } from "./element.js";
import { imageGrid, keyOf } from "./image-grid.js";
import {
  addressOf,
  detailsOf,
  draw,
  LAYERS,
  type Layer,
  type Moment,
  predictionOf,
  sameImage,
  stepUpTo,
  truthOf,
} from "./layers.js";
import { getJson } from "./live.js";
import { pixelsOf } from "./picture-pixels.js";
import { type StageSide, stage } from "./stage.js";
import { stepSlider } from "./step-slider.js";
import type { Tab } from "./tab.js";

type Side = "left" | "right";
const SIDES = ["left", "right"] as const;

/** Images with their scores; of one image, any two layers of any two runs over each other. */
export const imagesTab: Tab = ({ id, details, signal }) => {
  let drawing = 0;
  const chosen = (): Preview | undefined =>
    details.previews.find((one) => keyOf(one) === place.get("image")) ??
    details.previews.find((one) => one.set === place.get("set")) ??
    details.previews[0];
  const slider = stepSlider((step) => {
    const newest = stepsOf(chosen()).at(-1);
    place.set({ step: step === newest ? undefined : step }); // the newest step is followed
    void show();
  }, signal);
  const readout = el("p", { class: "readout" }, "\u00a0");
  const captions = el("p", { class: "captions" });
  const view = stage(
    place.number("at") ?? 50,
    (at) => place.set({ at }),
    (point) => void read(point),
  );
  const title = el("h2", {});
  const layerOf = (side: Side): Layer => {
    const asked = place.get(side);
    const known = LAYERS.find(([layer]) => layer === asked)?.[0];
    return known ?? (side === "left" ? "input" : "prediction");
  };
  const runOf = (side: Side): string => place.get(`${side}Run`) ?? id;
  const grid = imageGrid(details, choose, () => steps(), signal);

  function choose(preview: Preview): void {
    place.set({ image: keyOf(preview) });
    void show();
  }
  /** The next or the previous image of the grid. */
  function go(by: number): void {
    const all = grid.order();
    const at = all.findIndex((one) => keyOf(one) === keyOf(chosen() as Preview));
    const next = all[at < 0 ? 0 : (at + by + all.length) % all.length];
    if (next) choose(next);
  }

  /** The image in the run of a side; undefined if that run has no picture of it. */
  async function momentOf(side: Side, preview: Preview, step: number): Promise<Moment | undefined> {
    const run = runOf(side);
    if (run === id) return { details, preview, step };
    const other = await detailsOf(run);
    const same = sameImage(other, preview);
    const newest = same && stepUpTo(same, Number.POSITIVE_INFINITY);
    return same && { details: other, preview: same, step: newest ?? 0 };
  }

  async function sideOf(
    side: Side,
    preview: Preview,
    step: number,
  ): Promise<StageSide & { caption: string }> {
    const layer = layerOf(side);
    const words = LAYERS.find(([one]) => one === layer)?.[1] ?? layer;
    const name = runOf(side) === id ? words : `${words}, ${runOf(side)}`;
    try {
      const moment = await momentOf(side, preview, step);
      if (!moment) throw new Error(`${runOf(side)} keeps no picture of this image.`);
      return { name, ...(await draw(moment, layer)) };
    } catch (error) {
      return { name, pixels: undefined, caption: "", problem: (error as Error).message };
    }
  }

  async function show(): Promise<void> {
    const preview = chosen();
    if (!preview) return;
    const now = ++drawing;
    const steps = stepsOf(preview);
    const at = stepUpTo(preview, place.number("step") ?? Number.POSITIVE_INFINITY) ?? 0;
    slider.show(steps, at);
    title.textContent = `${preview.set}: ${preview.name}`;
    grid.mark(preview);
    const [left, right] = await Promise.all(SIDES.map((side) => sideOf(side, preview, at)));
    if (now !== drawing || signal.aborted || !left || !right) return;
    view.show(left, right, `${preview.name} at step ${at}`);
    captions.textContent = [left, right]
      .filter(({ caption }, i, all) => caption !== "" && all[0]?.caption !== (i > 0 && caption))
      .map(({ name, caption }) => `${name}${caption}`)
      .join(" · ");
    const layers = SIDES.map(layerOf);
    changeKey.hidden = !layers.includes("change");
    errorNote.hidden = !layers.includes("error");
    const index = steps.indexOf(at);
    for (const near of [steps[index - 1], steps[index + 1]]) {
      if (near === undefined) continue;
      for (const layer of layers) {
        pixelsOf(addressOf({ details, preview, step: near }, layer)).catch(() => {});
      }
    }
  }

  /** The classes under the pointer. */
  async function read(
    point: { readonly x: number; readonly y: number } | undefined,
  ): Promise<void> {
    const preview = chosen();
    if (!point || !preview) {
      readout.textContent = "\u00a0";
      return;
    }
    const names = details.classes?.names ?? [];
    const at = stepUpTo(preview, place.number("step") ?? Number.POSITIVE_INFINITY) ?? 0;
    const runs = [...new Set(SIDES.map(runOf))];
    const moments = await Promise.all(
      runs.map((run) => momentOf(run === runOf("left") ? "left" : "right", preview, at)),
    ).catch(() => []);
    const maps = await Promise.all([
      ...(preview.truth ? [named("truth", truthOf({ details, preview, step: at }))] : []),
      ...moments.flatMap((moment, i) =>
        moment ? [named(runs.length > 1 ? `${runs[i]}` : "prediction", predictionOf(moment))] : [],
      ),
    ]).catch(() => []);
    readout.textContent = maps
      .map(({ name, map: { ids, width, height } }) => {
        const x = Math.min(width - 1, Math.max(0, Math.floor(point.x * width)));
        const y = Math.min(height - 1, Math.max(0, Math.floor(point.y * height)));
        return `${name}: ${names[ids[y * width + x] as number] ?? "unlabelled"}`;
      })
      .join(" · ");
  }
  const named = async <T>(name: string, map: Promise<T>) => ({ name, map: await map });

  function steps(): void {
    const preview = chosen();
    if (preview) grid.mark(preview);
  }

  const changeKey = changeLegend();
  changeKey.hidden = true;
  const errorNote = el(
    "p",
    { class: "note", hidden: true },
    "Error: wrong pixels in the colour of the predicted class.",
  );
  const sides = el("div", { class: "sides" });
  function drawSides(runs: readonly string[]): void {
    sides.replaceChildren(
      ...SIDES.map((side) => {
        const words = side === "left" ? "Left" : "Right";
        const layer = choice(words, LAYERS, layerOf(side), (value) => {
          place.set({ [side]: value });
          void show();
        });
        if (runs.length < 2) return layer;
        const labels = runs.map((one) => [one, one === id ? "this run" : one] as const);
        const run = choice("of", labels, runOf(side), (value) => {
          place.set({ [`${side}Run`]: value === id ? undefined : value });
          void show();
        });
        run.classList.add("run-choice");
        run.querySelector("select")?.setAttribute("aria-label", `${words}: run`);
        return el("div", { class: "side" }, layer, run);
      }),
    );
  }
  drawSides([...new Set([id, ...SIDES.map(runOf)])]);
  void getJson<{ readonly runs: readonly RunSummary[] }>("api/runs", signal)
    .then(({ runs }) => {
      const others = runs.map((one) => one.id).filter((one) => one !== id);
      const baseline = details.baseline?.id;
      const first = others.filter((one) => one === baseline);
      drawSides([id, ...first, ...others.filter((one) => one !== baseline)]);
    })
    .catch(() => {}); // the choice of runs is left out

  document.addEventListener(
    "keydown",
    (event) => {
      const typing =
        event.target instanceof HTMLSelectElement ||
        (event.target instanceof HTMLInputElement && event.target.type !== "range");
      if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.key === "[") go(-1);
      else if (event.key === "]") go(1);
      else if (!view.key(event)) return;
      event.preventDefault();
    },
    { signal },
  );
  void show();
  const previous = button("‹", () => go(-1), { "aria-label": "Previous image", title: "[" });
  const next = button("›", () => go(1), { "aria-label": "Next image", title: "]" });
  return {
    element: el(
      "div",
      { class: "images" },
      grid.head,
      grid.strip,
      el(
        "div",
        { class: "viewer" },
        el("div", { class: "image-title" }, title, previous, next),
        el("div", { class: "toolbar" }, sides, slider.element),
        view.element,
        el("div", { class: "under-stage" }, view.controls, captions, readout),
        ...[changeKey, errorNote, classLegend(details.classes)],
      ),
    ),
    update(fresh: RunDetails) {
      details = fresh;
      grid.update(fresh);
      void show();
    },
  };
};

const stepsOf = (preview: Preview | undefined): number[] =>
  [...new Set(preview?.predictions ?? [])].sort((a, b) => a - b);
