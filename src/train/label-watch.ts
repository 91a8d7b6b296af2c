import { type Dataset, IGNORE, type Sample } from "../datasets/dataset.js";
import { UserError } from "../errors.js";

/** Steps without a labelled pixel after which a run warns, or ends if it has seen a whole epoch. */
const PATIENCE = 20;

/**
 * Watches the labels of a data set until a first pixel has a class. Without one, a supervised loss is 0 and
 * a run would end as if all were well.
 * @param steps steps that the run will take
 * @returns called with the samples of each step
 * @throws UserError naming the data set once as many images as it has were without a labelled pixel
 */
export function labelWatch(
  { name, names }: Dataset,
  steps: number,
  warn: (sentence: string) => void,
): (samples: readonly Sample[]) => void {
  const patience = Math.min(PATIENCE, steps);
  let found = false;
  let step = 0;
  let seen = 0;
  return (samples) => {
    if (found) return;
    step++;
    seen += samples.length;
    found = samples.some(({ label }) => label?.some((trainId) => trainId !== IGNORE));
    if (found || step < patience) return;
    const sentence =
      `no pixel of the first ${seen} images of ${name} has a class, every label is ignored: ` +
      "check `mapping` and the labels with `cfcontra data check`";
    if (seen >= names.length) throw new UserError("no-labels", sentence);
    if (step === patience) warn(`${sentence}.`);
  };
}
