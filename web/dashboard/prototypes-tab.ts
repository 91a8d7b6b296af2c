import type { Buckets, Prototypes } from "../../src/dashboard/api.js";
import { place } from "./address.js";
import { chart } from "./chart.js";
import { lineColors } from "./colors.js";
import { el } from "./element.js";
import { getJson, throttled } from "./live.js";
import { type Matrix, matrix, scaleLegend } from "./matrix.js";
import { stepSlider } from "./step-slider.js";
import type { Tab } from "./tab.js";

/** Cosines of the classes' prototypes, within and across the domains, over training. */
export const prototypesTab: Tab = ({ id, details, signal }) => {
  const over = chart(
    {
      title: "Across domains",
      note: "Mean cosine of a class with itself in the other domain, and of different classes. The further apart the lines, the better the domains are aligned",
      format: (value) => value.toFixed(2),
    },
    signal,
  );
  const slider = stepSlider((step) => {
    place.set({ step: step === latest ? undefined : step });
    load();
  }, signal);
  const grid = el("div", { class: "matrices" });
  let latest: number | undefined;
  let matrices: Readonly<Record<"source" | "target" | "across", Matrix>> | undefined;

  const load = throttled(150, async () => {
    const step = place.number("step");
    const query = new URLSearchParams({
      run: id,
      ...(step === undefined ? {} : { step: String(step) }),
    });
    const found = await getJson<Prototypes | null>(`api/prototypes?${query}`, signal);
    if (found && !signal.aborted) show(found);
  });

  function show(found: Prototypes): void {
    latest = found.steps.at(-1);
    slider.show(found.steps, found.step);
    const [, , same, different] = lineColors();
    const line = (values: readonly (number | null)[]): Buckets => {
      const known = found.steps.flatMap((step, i) => {
        const value = values[i];
        return value === null || value === undefined ? [] : [[step, value] as const];
      });
      return { at: known.map(([step]) => step), mean: known.map(([, value]) => value) };
    };
    over.show(
      [
        { name: "same class", color: same as string, data: line(found.aligned) },
        {
          name: "different classes",
          color: different as string,
          dashed: true,
          data: line(found.apart),
        },
      ].filter(({ data }) => data.at.length > 0),
    );
    if (!matrices) {
      const classes = details.classes ?? {
        names: found.across.map((_, k) => `class ${k}`),
        colors: [],
      };
      const make = (title: string, note: string, rows: string, columns: string) =>
        matrix(
          {
            title,
            note,
            rows,
            columns,
            scale: (value) => value,
            format: (value) => value.toFixed(2),
          },
          classes,
          signal,
        );
      matrices = {
        across: make(
          "Source against target",
          "Rows: source, columns: target. Best: strong on the diagonal only",
          "source",
          "target",
        ),
        source: make("Within the source", "Cosines of the source's prototypes", "source", "source"),
        target: make("Within the target", "Cosines of the target's prototypes", "target", "target"),
      };
      grid.replaceChildren(...Object.values(matrices).map(({ element }) => element));
    }
    matrices.across.show(found.across);
    matrices.source.show(found.source);
    matrices.target.show(found.target);
  }

  load();
  return {
    element: el(
      "div",
      {},
      over.element,
      el("div", { class: "toolbar" }, slider.element),
      grid,
      scaleLegend("0", "1"),
    ),
    update: load,
  };
};
