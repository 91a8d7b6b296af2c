import type { Confusion } from "../evaluate/index.js";
import { percent } from "../report/score-table.js";

/** A network that predicts one class for this share of the pixels has collapsed, unless so many have it. */
const COLLAPSED = 0.9;
const TRUE_SHARE = 0.75;

/** A warning if nearly all pixels of a set are predicted as one class that far fewer have; else undefined. */
export function collapse(
  { classes, counts }: Confusion,
  names: readonly string[],
  set: string,
): string | undefined {
  const all = counts.reduce((sum, count) => sum + count, 0);
  for (let k = 0; k < classes; k++) {
    let [predicted, labelled] = [0, 0];
    for (let j = 0; j < classes; j++) {
      predicted += counts[j * classes + k] as number;
      labelled += counts[k * classes + j] as number;
    }
    const collapsed = predicted / all >= COLLAPSED && labelled / all <= TRUE_SHARE; // neither for NaN
    if (!collapsed) continue;
    return (
      `${percent(predicted / all)} % of the labelled pixels of ${set} are predicted as ${names[k]}, ` +
      `and ${percent(labelled / all)} % are: the network has collapsed to one class; lower the weights of ` +
      "the losses on the target, or train.rate"
    );
  }
  return undefined;
}
