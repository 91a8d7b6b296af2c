import { imagesOf } from "../datasets/batch.js";
import { spread } from "../datasets/check.js";
import { type Dataset, IGNORE, type Sample, type Size } from "../datasets/dataset.js";
import { type PredictOptions, predictLabels } from "../evaluate/index.js";
import type { Method } from "../methods/method.js";
import type { Network } from "../network/index.js";
import { scope } from "../torch/index.js";

/** What shows, besides the scores, how a run does on the target. */
export interface TargetSignsOptions {
  /** The network that is evaluated. */
  readonly network: Network;
  readonly method: Method;
  /** Images to predict: those of the target need no labels. */
  readonly images: Dataset;
  /** The first evaluation set, with labels. */
  readonly labelled: Dataset;
  /** Its name. */
  readonly set: string;
  /** The size of the network's input. */
  readonly size: Size;
  readonly predict: PredictOptions;
  /** Steps of the run. */
  readonly steps: number;
  readonly warn: (sentence: string) => void;
}

/** Images per measurement, evenly spread over a set. */
const PREDICTED = 16;
const LABELLED = 32;
/** Share of the pixels from which one class counts as a collapse. */
const COLLAPSED = 0.95;
/** Share of the pixels from which a class counts as predicted. */
const PRESENT = 1e-3;
/** Steps between two warnings. */
const PAUSE = 500;

/** Measures signs after `step` steps, as numbers for metrics.jsonl (docs/run-folder.md), and warns of a collapse. */
export function openTargetSigns(
  options: TargetSignsOptions,
): (step: number) => Promise<Record<string, number>> {
  const { images, warn } = options;
  const { names } = images.classes;
  const watch = collapseWatch(names, warn);
  return async (step) => {
    const shares = await predictedShares(options);
    watch(step, shares);
    const predicted = names.map((name, k) => [`predicted/${name}`, shares[k] as number] as const);
    return { ...Object.fromEntries(predicted), ...(await pseudoScores(options, step)) };
  };
}

/** The share of the pixels that gets each class. */
async function predictedShares({
  network,
  images,
  size,
  predict,
}: TargetSignsOptions): Promise<number[]> {
  const counts = new Array<number>(network.classes).fill(0);
  let pixels = 0;
  for (const index of spread(images.names.length, PREDICTED)) {
    const labels = predictLabels(network, await images.load(index, size), size, predict);
    pixels += labels.length;
    for (const k of labels) counts[k] = (counts[k] as number) + 1;
  }
  return counts.map((count) => count / pixels);
}

/** Warns if one class covers nearly all pixels, or if over half of the classes are no longer predicted. */
export function collapseWatch(
  names: readonly string[],
  warn: (sentence: string) => void,
): (step: number, shares: readonly number[]) => void {
  let before = 0;
  let last = Number.NEGATIVE_INFINITY;
  return (step, shares) => {
    const present = shares.filter((share) => share >= PRESENT).length;
    const most = Math.max(...shares);
    const lost = before - present;
    before = Math.max(before, present);
    const fault =
      most >= COLLAPSED && names.length > 1
        ? `${(most * 100).toFixed(0)} % of the pixels are predicted as ${names[shares.indexOf(most)]}`
        : lost > before / 2
          ? `${lost} of the ${before} classes that were predicted are no longer predicted`
          : undefined;
    if (fault === undefined || step - last < PAUSE) return;
    last = step;
    warn(
      `the predictions collapse: ${fault}; lower train.rate or the weights of the target's losses.`,
    );
  };
}

/** Pixels of labelled images by true class and pseudo-label. */
export interface PseudoCounts {
  /** Labelled pixels, those with a pseudo-label, and those with the right one, by true class. */
  readonly truth: Float64Array;
  readonly covered: Float64Array;
  readonly right: Float64Array;
  /** Pixels by pseudo-label. */
  readonly given: Float64Array;
}

async function pseudoScores(
  { network, method, labelled, set, size, predict: { stage }, steps }: TargetSignsOptions,
  step: number,
): Promise<Record<string, number>> {
  const classes = network.classes;
  const empty = () => new Float64Array(classes);
  const counts = { truth: empty(), covered: empty(), right: empty(), given: empty() };
  for (const index of spread(labelled.names.length, LABELLED)) {
    const sample = await labelled.load(index, size);
    const isGiven = scope(() => {
      const images = imagesOf([stage ? stage(sample) : sample], network.input, network.device);
      const labels = method.pseudoLabels?.(images, { step, total: steps });
      if (!labels) return false;
      const [, height, width] = labels.shape as [number, number, number];
      addPseudoLabels(counts, sample, labels.typed("uint8") as Uint8Array, { width, height });
      return true;
    });
    if (!isGiven) return {};
  }
  return pseudoScalars(set, labelled.classes.names, counts);
}

/** Adds pseudo-labels [height * width], IGNORE where there is none, of a labelled image of another size. */
export function addPseudoLabels(
  { truth, covered, right, given }: PseudoCounts,
  sample: Pick<Sample, "width" | "height" | "label">,
  labels: Uint8Array,
  { width, height }: Size,
): void {
  for (let y = 0; y < height; y++) {
    const row = Math.floor((y * sample.height) / height) * sample.width;
    for (let x = 0; x < width; x++) {
      const label = sample.label?.[row + Math.floor((x * sample.width) / width)] ?? IGNORE;
      if (label === IGNORE) continue;
      truth[label] = (truth[label] as number) + 1;
      const guess = labels[y * width + x] as number;
      if (guess === IGNORE) continue;
      covered[label] = (covered[label] as number) + 1;
      given[guess] = (given[guess] as number) + 1;
      if (guess === label) right[label] = (right[label] as number) + 1;
    }
  }
}

/**
 * `pseudo/<set>/coverage` and `pseudo/<set>/accuracy`, and both by class: of a class's pixels the share that has
 * a pseudo-label, of its pseudo-labels the share that is right. Without pixels a number is left out.
 */
export function pseudoScalars(
  set: string,
  names: readonly string[],
  { truth, covered, right, given }: PseudoCounts,
): Record<string, number> {
  const sum = (values: Float64Array) => values.reduce((all, one) => all + one, 0);
  const entries: [string, number][] = [
    ["coverage", sum(covered) / sum(truth)],
    ["accuracy", sum(right) / sum(covered)],
    ...names.flatMap((name, k): [string, number][] => [
      [`coverage/${name}`, (covered[k] as number) / (truth[k] as number)],
      [`accuracy/${name}`, (right[k] as number) / (given[k] as number)],
    ]),
  ];
  return Object.fromEntries(
    entries
      .filter(([, value]) => Number.isFinite(value))
      .map(([name, value]) => [`pseudo/${set}/${name}`, value]),
  );
}
