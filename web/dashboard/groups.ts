import type { RunDetails, RunSummary } from "../../src/dashboard/api.js";
import { lineColors } from "./colors.js";

/** Runs that differ in their seed alone, of one colour. */
export interface Group {
  readonly name: string;
  readonly color: string;
  readonly runs: readonly RunSummary[];
}

const SEED = "train.seed";

/** Groups in the order their first runs come, named by what sets them apart. */
export function groupsOf(
  runs: readonly RunSummary[],
  configs: ReadonlyMap<string, ReadonlyMap<string, string>>,
  differing: readonly string[],
): Group[] {
  const members = new Map<string, RunSummary[]>();
  for (const run of runs) members.set(run.group, [...(members.get(run.group) ?? []), run]);
  const palette = lineColors();
  const names = [...members.values()].map(([first]) =>
    nameOf(first as RunSummary, configs, differing),
  );
  return [...members.values()].map((own, k) => {
    const repeated = names.filter((name) => name === names[k]).length > 1;
    return {
      name: repeated ? (own[0] as RunSummary).id : (names[k] as string),
      color: palette[k % palette.length] as string,
      runs: own,
    };
  });
}

/** The method and up to two settings. */
function nameOf(
  run: RunSummary,
  configs: ReadonlyMap<string, ReadonlyMap<string, string>>,
  differing: readonly string[],
): string {
  const config = configs.get(run.id);
  const apart = differing
    .filter((key) => key !== "method")
    .slice(0, 2)
    .map((key) => `${key.split(".").at(-1)} ${config?.get(key) ?? "–"}`);
  return [run.method ?? run.id, ...apart].join(", ");
}

/** Configurations by run, flat: "train.rate" to "0.03". */
export const configsOf = (details: readonly RunDetails[]): Map<string, Map<string, string>> =>
  new Map(details.map(({ summary, config }) => [summary.id, flatten(config)]));

/** Keys with other values in some run than in others, sorted; the seed is no difference. */
export function differences(configs: ReadonlyMap<string, ReadonlyMap<string, string>>): string[] {
  const all = [...configs.values()];
  const keys = new Set(all.flatMap((config) => [...config.keys()]));
  keys.delete(SEED);
  return [...keys].filter((key) => new Set(all.map((one) => one.get(key))).size > 1).sort();
}

function flatten(value: unknown, path = ""): Map<string, string> {
  if (typeof value !== "object" || value === null) return new Map([[path, String(value)]]);
  if (Array.isArray(value)) return new Map([[path, JSON.stringify(value)]]);
  return new Map(
    Object.entries(value).flatMap(([key, one]) => [
      ...flatten(one, path === "" ? key : `${path}.${key}`),
    ]),
  );
}
