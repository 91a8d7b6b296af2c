// What a reader must know before comparing rows. Loads nothing, so that the dashboard's page uses it, too.
import type { BaselineKind } from "./baseline.js";
import { besidesMethod, differences, measurementIn, type Settings } from "./run-groups.js";

/** A row of a comparison: runs that differ only in their seed. */
export interface ComparedRow {
  readonly label: string;
  readonly method: string | undefined;
  readonly settings: Settings;
  /** Its runs: folders or ids. */
  readonly runs: readonly string[];
  /** The runs that its runs start from, named in the same way. */
  readonly starts: readonly string[];
  readonly gain?: { readonly baseline: BaselineKind; readonly runs: number } | undefined;
}

const NAMED = 6;

/** Measurements, settings and baselines that differ, one sentence each. */
export function comparisonNotes(rows: readonly ComparedRow[], sets: readonly string[]): string[] {
  return [...measurementNotes(rows, sets), ...settingNotes(rows, sets), ...gainNotes(rows)];
}

/**
 * The settings besides the method that tell rows apart. Rows that other rows start from are left out: their
 * settings always differ.
 */
export function differingSettings(rows: readonly ComparedRow[]): string[] {
  const starts = new Set(rows.flatMap((row) => row.starts));
  const compared = rows.filter(({ runs }) => !runs.every((run) => starts.has(run)));
  return differences(compared.map(({ settings }) => settings)).filter((key) => key !== "method");
}

function measurementNotes(rows: readonly ComparedRow[], sets: readonly string[]): string[] {
  return sets.flatMap((set) => {
    const keys = measurementDifferences(rows, set);
    const images = keys.filter((key) => key.startsWith("evaluate."));
    if (images.length > 0) {
      return `The sets named ${set} are different sets (${list(keys)}): scores on ${set} cannot be compared.`;
    }
    if (keys.length === 0) return [];
    return `The rows measure ${set} at different sizes (${list(keys)}): scores on ${set} cannot be compared.`;
  });
}

const measurementDifferences = (rows: readonly ComparedRow[], set: string): string[] =>
  differences(rows.map(({ settings }) => measurementIn(settings, set)));

function settingNotes(rows: readonly ComparedRow[], sets: readonly string[]): string[] {
  const told = sets.flatMap((set) => measurementDifferences(rows, set));
  const plain = rows.map((row) => ({ ...row, settings: besidesMethod(row.settings) }));
  const keys = differingSettings(plain).filter((key) => !told.includes(key));
  if (keys.length === 0) return [];
  const advice = keys.some((key) => key.startsWith("style."))
    ? " To see what the method gains, add a source-only row with the same coarse stage."
    : "";
  return [`The rows differ in more than their method: ${list(keys)}.${advice}`];
}

function gainNotes(rows: readonly ComparedRow[]): string[] {
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

const list = (words: readonly string[]): string =>
  words.length > NAMED
    ? `${words.slice(0, NAMED).join(", ")} and ${words.length - NAMED} more`
    : words.join(", ");
