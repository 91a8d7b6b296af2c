import { differences, settingsOf } from "../report/run-groups.js";
import type { RunSettings } from "./api.js";
import type { Run } from "./run.js";

/** More keys would not fit in a list to choose from. */
const MOST_KEYS = 100;

/** The settings that differ between runs, with their values. */
export function differingSettings(runs: readonly Run[]): RunSettings {
  const all = runs.map(({ id, configuration }) => ({ id, settings: settingsOf(configuration) }));
  const keys = differences(all.map(({ settings }) => settings))
    .filter((key) => key !== "method")
    .slice(0, MOST_KEYS);
  const values = all.map(({ id, settings }) => {
    const own = keys.flatMap((key) => (settings.has(key) ? [[key, settings.get(key)]] : []));
    return [id, Object.fromEntries(own)];
  });
  return { keys, runs: Object.fromEntries(values) };
}
