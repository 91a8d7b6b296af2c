import type { RunDetails, RunSummary } from "../../src/dashboard/api.js";
import { differences, type Settings } from "../../src/report/run-groups.js";
import { lineColors } from "./colors.js";

/** Runs that differ in their seed alone, of one colour. */
export interface Group {
  readonly name: string;
  readonly color: string;
  readonly runs: readonly RunSummary[];
}

/** Groups in the order their first runs come, named by what sets them apart. */
export function groupsOf(
  runs: readonly RunSummary[],
  settings: ReadonlyMap<string, Settings>,
): Group[] {
  const members = new Map<string, RunSummary[]>();
  for (const run of runs) members.set(run.group, [...(members.get(run.group) ?? []), run]);
  const palette = lineColors();
  const names = [...members.values()].map(([first]) => nameOf(first as RunSummary, settings));
  return [...members.values()].map((own, k) => {
    const repeated = names.filter((name) => name === names[k]).length > 1;
    return {
      name: repeated ? (own[0] as RunSummary).id : (names[k] as string),
      color: palette[k % palette.length] as string,
      runs: own,
    };
  });
}

/** The method, and up to two settings that tell the run from others of its method. */
function nameOf(run: RunSummary, settings: ReadonlyMap<string, Settings>): string {
  const own = settings.get(run.id);
  const method = own?.get("method");
  const apart = differences([...settings.values()].filter((one) => one.get("method") === method))
    .slice(0, 2)
    .map((key) => `${key.split(".").at(-1)} ${own?.get(key) ?? "–"}`);
  return [run.method ?? run.id, ...apart].join(", ");
}

/** Settings by run. */
export const settingsByRun = (details: readonly RunDetails[]): Map<string, Settings> =>
  new Map(details.map(({ summary, settings }) => [summary.id, new Map(Object.entries(settings))]));
