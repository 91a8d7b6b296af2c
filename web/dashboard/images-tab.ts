import type { Preview, RunDetails } from "../../src/dashboard/api.js";
import { stepName } from "../../src/train/step-name.js";
import { place } from "./address.js";
import { classLegend } from "./class-legend.js";
import { choice, el } from "./element.js";
import { stepSlider } from "./step-slider.js";
import { type Picture, pictureUrl, swipe } from "./swipe.js";
import type { Tab } from "./tab.js";

const LAYERS = ["input", "prediction", "entropy", "truth"] as const;
type Layer = (typeof LAYERS)[number];

/** Predictions for the same images, snapshot by snapshot. */
export const imagesTab: Tab = ({ id, details, signal }) => {
  let { previews } = details;
  const chosen = () =>
    previews.find((one) => keyOf(one) === place.get("image")) ?? (previews[0] as Preview);
  const keyOf = ({ set, image }: Preview) => `${set}/${image}`;
  const slider = stepSlider((step) => {
    const newest = stepsOf(chosen()).at(-1);
    place.set({ step: step === newest ? undefined : step }); // the newest step is followed
    show();
  }, signal);
  const view = swipe(place.number("at") ?? 50, (at) => place.set({ at }));
  const strip = el("div", { class: "strip", role: "group", "aria-label": "Images" });
  const caption = el("h2", {});
  const layerOf = (side: "left" | "right"): Layer => {
    const usual = side === "left" ? "input" : "prediction";
    const asked = place.get(side) as Layer | undefined;
    return asked && LAYERS.includes(asked) ? asked : usual;
  };
  const layerChoice = (side: "left" | "right") =>
    choice(
      side === "left" ? "Left" : "Right",
      LAYERS.map((layer) => [layer, layer]),
      layerOf(side),
      (layer) => {
        place.set({ [side]: layer });
        show();
      },
    );

  function picture(preview: Preview, layer: Layer, step: number): Picture {
    const folder = `previews/${preview.set}/${preview.image}`;
    const moving = layer === "prediction" || layer === "entropy";
    const file = moving
      ? `${stepName(step)}-${layer}.png`
      : layer === "input"
        ? "input.jpg"
        : "truth.png";
    const known = layer !== "truth" || preview.truth;
    return known
      ? { src: pictureUrl(id, `${folder}/${file}`, details.summary.started), name: layer }
      : { src: pictureUrl(id, `${folder}/input.jpg`), name: "input (no truth)" };
  }

  function show(): void {
    const preview = chosen();
    const steps = stepsOf(preview);
    const step = place.number("step") ?? steps.at(-1) ?? 0;
    const at = steps.filter((one) => one <= step).at(-1) ?? steps[0] ?? 0;
    slider.show(steps, at);
    caption.textContent = `${preview.set}: ${preview.name}`;
    const sides = (moment: number) =>
      [
        picture(preview, layerOf("left"), moment),
        picture(preview, layerOf("right"), moment),
      ] as const;
    view.show(...sides(at), `${preview.name} at step ${at}`);
    const index = steps.indexOf(at);
    for (const near of [steps[index - 1], steps[index + 1]]) {
      if (near !== undefined) for (const { src } of sides(near)) new Image().src = src;
    }
    for (const thumb of strip.children) {
      thumb.setAttribute("aria-pressed", String(thumb.getAttribute("data-key") === keyOf(preview)));
    }
  }

  function drawStrip(): void {
    strip.replaceChildren(
      ...previews.map((preview) => {
        const src = pictureUrl(
          id,
          `previews/${preview.set}/${preview.image}/input.jpg`,
          details.summary.started,
        );
        const thumb = el(
          "button",
          {
            type: "button",
            "data-key": keyOf(preview),
            "aria-pressed": "false",
            title: preview.name,
          },
          el("img", { src, alt: `${preview.set}: ${preview.name}`, loading: "lazy" }),
        );
        thumb.addEventListener("click", () => {
          place.set({ image: keyOf(preview) });
          show();
        });
        return thumb;
      }),
    );
  }
  drawStrip();
  show();
  const controls = el(
    "div",
    { class: "toolbar" },
    layerChoice("left"),
    layerChoice("right"),
    slider.element,
  );
  return {
    element: el(
      "div",
      { class: "images" },
      caption,
      controls,
      view.element,
      strip,
      classLegend(details.classes),
    ),
    update(next: RunDetails) {
      const more = next.previews.length !== previews.length;
      previews = next.previews;
      if (previews.length === 0) return;
      if (more) drawStrip();
      show();
    },
  };
};

const stepsOf = ({ predictions, entropies }: Preview): number[] =>
  [...new Set([...predictions, ...entropies])].sort((a, b) => a - b);
