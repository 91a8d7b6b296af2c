import type { RunDetails, RunSummary } from "../../src/dashboard/api.js";
import { differences, type Settings } from "../../src/report/run-groups.js";
import { color, LINES, lineColors } from "./colors.js";

/** Runs that differ only in their seed. */
export interface Group {
  readonly name: string;
  /** The colour of its lines; undefined if it is not drawn. */
  readonly color: string | undefined;
  readonly runs: readonly RunSummary[];
}

/** The most groups that are drawn: there are no more colours that can be told apart. */
export const MOST_DRAWN = LINES;

/**
 * Groups in the order of their first runs, named by the settings that differ.
 * @param drawn the groups to draw, by index; the first ones by default
 */
export function groupsOf(
  runs: readonly RunSummary[],
  settings: ReadonlyMap<string, Settings>,
  drawn?: ReadonlySet<number>,
): Group[] {
  const members = new Map<string, RunSummary[]>();
  for (const run of runs) members.set(run.group, [...(members.get(run.group) ?? []), run]);
  const palette = lineColors();
  const names = [...members.values()].map(([first]) => nameOf(first as RunSummary, settings));
  let next = 0;
  return [...members.values()].map((own, k) => {
    const repeated = names.filter((name) => name === names[k]).length > 1;
    const isDrawn = (drawn?.has(k) ?? true) && next < MOST_DRAWN;
    return {
      name: repeated ? (own[0] as RunSummary).id : (names[k] as string),
      color: isDrawn ? palette[next++] : undefined,
      runs: own,
    };
  });
}

/** The colour of a group's swatch. */
export const swatchColor = (group: Group): string => group.color ?? color("line");

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
