import { resolve } from "node:path";
import { type BaselineKind, pretrainedOf, startOf } from "./baseline.js";
import type { RunOutcome } from "./run-files.js";
import { besidesMethod, differences, measurementOf, settingsOf } from "./run-groups.js";

/** A row of a comparison. */
interface Row {
  readonly label: string;
  readonly method: string;
  readonly runs: readonly RunOutcome[];
  readonly gain?: { readonly baseline: BaselineKind; readonly runs: number };
}

const NAMED = 6;

/** What a reader must know before comparing rows: measurements, settings and baselines that differ. */
export function comparisonNotes(rows: readonly Row[], sets: readonly string[]): string[] {
  return [...measurementNotes(rows, sets), ...settingNotes(rows, sets), ...gainNotes(rows)];
}

function measurementNotes(rows: readonly Row[], sets: readonly string[]): string[] {
  return sets.flatMap((set) => {
    const keys = measurementDifferences(rows, set);
    if (keys.length === 0) return [];
    return `The rows measure ${set} differently (${list(keys)}): their scores on ${set} cannot be compared.`;
  });
}

const measurementDifferences = (rows: readonly Row[], set: string): string[] =>
  differences(configurationsOf(rows).map((config) => measurementOf(config, set)));

/** Runs that other rows start from are left out: they always have other settings. */
function settingNotes(rows: readonly Row[], sets: readonly string[]): string[] {
  const starts = new Set(
    rows.flatMap(({ runs }) =>
      runs.flatMap(({ config }) => [startOf(config) ?? "", pretrainedOf(config) ?? ""]),
    ),
  );
  const compared = rows.filter(({ runs }) => !runs.every(({ path }) => starts.has(resolve(path))));
  const told = sets.flatMap((set) => measurementDifferences(rows, set));
  const keys = differences(
    configurationsOf(compared).map((config) => besidesMethod(settingsOf(config))),
  ).filter((key) => !told.includes(key));
  return keys.length > 0 ? [`The rows differ in more than their method: ${list(keys)}.`] : [];
}

function gainNotes(rows: readonly Row[]): string[] {
  const adapted = rows.filter(({ method }) => method !== "source-only");
  const without = adapted.filter(({ gain }) => !gain).map(({ label }) => label);
  const none =
    without.length > 0
      ? [`No matching source-only run (equal settings, equal seed), so no gain: ${list(without)}.`]
      : [];
  const others = adapted.flatMap(({ label, gain, runs }) => {
    if (gain?.baseline === "pretraining") {
      return `${label}: no matching source-only run; the gain is over its pretraining.`;
    }
    return gain && gain.runs < runs.length
      ? `${label}: the gain is over ${gain.runs} of ${runs.length} runs; the others have no matching source-only run.`
      : [];
  });
  return [...none, ...others];
}

const configurationsOf = (rows: readonly Row[]) =>
  rows.flatMap(({ runs }) => runs[0]?.config ?? []);

const list = (words: readonly string[]): string =>
  words.length > NAMED
    ? `${words.slice(0, NAMED).join(", ")} and ${words.length - NAMED} more`
    : words.join(", ");
