import type { Comparison, Gain, Spread } from "./comparison.js";
import { percent } from "./score-table.js";

/** A spread in percent: "26.4 ± 0.7", without a deviation for a single run; "-" for none. */
export function spreadText(value: Spread | undefined, signed = false): string {
  if (!value) return "-";
  const sign = signed && value.mean >= 0 ? "+" : "";
  const mean = `${sign}${percent(value.mean)}`;
  return value.runs > 1 ? `${mean} ± ${percent(value.deviation)}` : mean;
}

const gainText = (gain: Gain | undefined): string =>
  gain?.baseline === "pretraining"
    ? `${spreadText(gain, true)} (pretraining)`
    : spreadText(gain, true);

/** Rows: a group each; columns: seeds, mIoU by set, gain over the baseline. In percent. */
export function comparisonRows({ sets, groups }: Comparison): string[][] {
  const withGain = groups.some(({ gain }) => gain);
  return [
    ["mIoU, %", "seeds", ...sets, ...(withGain ? [`gain on ${sets[0]}`] : [])],
    ...groups.map(({ label, seeds, miou, gain }) => [
      label,
      seeds.join(" "),
      ...sets.map((set) => spreadText(miou[set])),
      ...(withGain ? [gainText(gain)] : []),
    ]),
  ];
}

/** Rows: a class each; columns: the groups' IoU on the first set, in percent. */
export function classRows({ sets, classes, groups }: Comparison): string[][] {
  return [
    [`IoU on ${sets[0]}, %`, ...groups.map(({ label }) => label)],
    ...classes.map((name, k) => [name, ...groups.map(({ iou }) => spreadText(iou[k]))]),
  ];
}
