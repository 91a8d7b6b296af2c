import type { ComparedGroups, Gain, Spread } from "./compared-group.js";
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

/** Rows: a group each; columns: settings that differ, seeds, mIoU by set, gain over the baseline. In percent. */
export function comparisonRows({ sets, groups, settings }: ComparedGroups): string[][] {
  const withGain = groups.some(({ gain }) => gain);
  return [
    [
      "mIoU, %",
      ...settings.map((key) => shortSetting(key, settings)),
      "seeds",
      ...sets,
      ...(withGain ? [`gain on ${sets[0]}`] : []),
    ],
    ...groups.map(({ method, settings: own, seeds, miou, gain }) => [
      method,
      ...settings.map((key) => settingText(own[key])),
      seeds.join(" "),
      ...sets.map((set) => spreadText(miou[set])),
      ...(withGain ? [gainText(gain)] : []),
    ]),
  ];
}

/** Rows: a class each; columns: the groups' IoU on the first set and its gain over the baseline, in percent. */
export function classRows({ sets, classes, groups }: ComparedGroups): string[][] {
  const gains = groups.filter(({ iouGain }) => iouGain.some(Boolean));
  return [
    [
      `IoU on ${sets[0]}, %`,
      ...groups.map(({ label }) => label),
      ...gains.map(({ label }) => `gain of ${label}`),
    ],
    ...classes.map((name, k) => [
      name,
      ...groups.map(({ iou }) => spreadText(iou[k])),
      ...gains.map(({ iouGain }) => spreadText(iouGain[k], true)),
    ]),
  ];
}

/** The last part of a key, or the whole key if another of the keys ends alike. */
export function shortSetting(key: string, keys: readonly string[]): string {
  const last = (one: string) => one.split(".").at(-1) as string;
  return keys.filter((one) => last(one) === last(key)).length > 1 ? key : last(key);
}

/** A value of a setting in a table. */
export const settingText = (value: string | undefined): string =>
  value === undefined ? "-" : value.replaceAll('"', "");
