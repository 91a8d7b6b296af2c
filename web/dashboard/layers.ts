import type { Preview, RunDetails } from "../../src/dashboard/api.js";
import {
  changeCaption,
  changeLayer,
  errorCaption,
  errorLayer,
  type LabelMap,
} from "../../src/report/change-map.js";
import { stepName } from "../../src/train/step-name.js";
import { getJson } from "./live.js";
import { labelsIn, pixelsOf } from "./picture-pixels.js";
import { pictureUrl } from "./swipe.js";

/** What a side of the viewer shows, and its name. */
export const LAYERS = [
  ["input", "image"],
  ["truth", "truth"],
  ["prediction", "prediction"],
  ["entropy", "entropy"],
  ["error", "error"],
  ["change", "change"],
] as const;
export type Layer = (typeof LAYERS)[number][0];

/** An image of a run, at a step of its training. */
export interface Moment {
  readonly details: RunDetails;
  readonly preview: Preview;
  readonly step: number;
}

/** Pixels to draw, and what they say in words. */
export interface Drawn {
  readonly pixels: ImageData;
  readonly caption: string;
}

const fileOf = ({ details, preview }: Omit<Moment, "step">, file: string): string =>
  pictureUrl(
    details.summary.id,
    `previews/${preview.set}/${preview.image}/${file}`,
    details.summary.started,
  );

const colorsOf = ({ classes }: RunDetails) => classes?.colors ?? [];

/** The newest step up to `step` at which an image was predicted; its first one, if all are later. */
export const stepUpTo = ({ predictions }: Preview, step: number): number | undefined =>
  [...predictions]
    .sort((a, b) => a - b)
    .reduce<number | undefined>(
      (found, one) => (found === undefined || one <= step ? one : found),
      undefined,
    );

/** The address of the file that a layer needs, to load it ahead. */
export const addressOf = (moment: Moment, layer: Layer): string => {
  if (layer === "input") return fileOf(moment, "input.jpg");
  if (layer === "truth") return fileOf(moment, "truth.png");
  return fileOf(
    moment,
    `${stepName(moment.step)}-${layer === "entropy" ? layer : "prediction"}.png`,
  );
};

/** A layer of an image. @throws Error in words for the user, if the run lacks what it needs */
export async function draw(moment: Moment, layer: Layer): Promise<Drawn> {
  const { details, preview } = moment;
  const needsTruth = layer === "truth" || layer === "error" || layer === "change";
  if (needsTruth && !preview.truth) throw new Error("The image has no labels.");
  if (layer !== "error" && layer !== "change") {
    return { pixels: await pixelsOf(addressOf(moment, layer)), caption: "" };
  }
  const [truth, now] = await Promise.all([truthOf(moment), predictionOf(moment)]);
  if (layer === "error") {
    const drawn = errorLayer(truth, now, colorsOf(details));
    return { pixels: imageOf(drawn.rgba, truth), caption: `: ${errorCaption(drawn)}` };
  }
  const before = await baselineOf(moment);
  const drawn = changeLayer(truth, before.labels, now);
  return {
    pixels: imageOf(drawn.rgba, truth),
    caption: ` against ${before.run}: ${changeCaption(drawn)}`,
  };
}

export const truthOf = (moment: Moment): Promise<LabelMap> =>
  labelsIn(addressOf(moment, "truth"), colorsOf(moment.details));

export const predictionOf = (moment: Moment): Promise<LabelMap> =>
  labelsIn(addressOf(moment, "prediction"), colorsOf(moment.details));

/** The baseline's prediction: from the run's own folder, else from the baseline's. */
async function baselineOf({
  details,
  preview,
}: Moment): Promise<{ readonly run: string; readonly labels: LabelMap }> {
  if (preview.baseline !== undefined) {
    const file = fileOf({ details, preview }, "baseline.png");
    return { run: preview.baseline, labels: await labelsIn(file, colorsOf(details)) };
  }
  const id = details.baseline?.id;
  if (id === undefined) throw new Error("The run has no baseline to compare with.");
  const other = await detailsOf(id);
  const same = sameImage(other, preview);
  const step = same && stepUpTo(same, Number.POSITIVE_INFINITY);
  if (!same || step === undefined) {
    throw new Error(
      `There is no prediction of ${id} for this image: cfcontra report ${details.summary.id} writes it.`,
    );
  }
  return { run: id, labels: await predictionOf({ details: other, preview: same, step }) };
}

/** The picture of the same image in another run, if it is kept there. */
export const sameImage = (
  { previews }: RunDetails,
  { set, name }: Pick<Preview, "set" | "name">,
): Preview | undefined => previews.find((one) => one.set === set && one.name === name);

const known = new Map<string, Promise<RunDetails>>();

/** The details of another run, loaded once. */
export function detailsOf(id: string): Promise<RunDetails> {
  const found = known.get(id) ?? getJson<RunDetails>(`api/run?run=${encodeURIComponent(id)}`);
  known.set(id, found);
  found.catch(() => known.delete(id));
  return found;
}

const imageOf = (rgba: Uint8ClampedArray<ArrayBuffer>, { width, height }: LabelMap): ImageData =>
  new ImageData(rgba, width, height);
