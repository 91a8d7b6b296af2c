// Which run another run is measured against: the one definition that the command line, the report, the
// comparison and the dashboard share. Loads nothing, so that pages use it, too.
import {
  besidesMethod,
  type Configuration,
  groupKey,
  measurementOf,
  settingsOf,
} from "./run-groups.js";

/** A run by its folder, as an absolute path, and its configuration. */
export interface Candidate {
  readonly folder: string;
  readonly configuration: Configuration;
}

/** What a baseline is to a run: source-only with equal settings, or the pretraining that the run starts from. */
export type BaselineKind = "source-only" | "pretraining";

/** The run that another run is measured against. */
export interface Baseline<T> {
  readonly kind: BaselineKind;
  readonly run: T;
}

/**
 * Finds baselines among complete runs. The baseline of a run is the source-only run of the same seed whose
 * configuration is equal except for the method and its options; else the pretraining that the run, or the
 * run named by `after`, starts from, if both were evaluated alike. A source-only run has none.
 */
export function baselineFinder<T extends Candidate>(
  complete: readonly T[],
): (run: Candidate) => Baseline<T> | undefined {
  const sourceOnly = new Map<string, T>();
  const byFolder = new Map<string, T>();
  for (const run of complete) {
    byFolder.set(run.folder, run);
    if (run.configuration.method !== "source-only") continue;
    const key = pairKey(run.configuration);
    if (!sourceOnly.has(key)) sourceOnly.set(key, run);
  }
  return ({ configuration }) => {
    if (configuration.method === "source-only") return undefined;
    const pair = sourceOnly.get(pairKey(configuration));
    if (pair) return { kind: "source-only", run: pair };
    const start = byFolder.get(pretrainedOf(configuration) ?? "");
    if (!start || !evaluatedAlike(configuration, start.configuration)) return undefined;
    return { kind: "pretraining", run: start };
  };
}

/** The folder, or the file, that a run takes its first weights from. */
export const startOf = (configuration: Configuration): string | undefined =>
  pathAt(configuration, "after", "run") ?? pretrainedOf(configuration);

/** The folder of the pretraining, or the file of weights, that a run or the run named by `after` starts from. */
export const pretrainedOf = (configuration: Configuration): string | undefined =>
  pathAt(configuration, "pretrain", "run") ?? pathAt(configuration, "network", "weights");

function pathAt(configuration: Configuration, section: string, key: string): string | undefined {
  const path = (configuration[section] as Configuration | null | undefined)?.[key];
  return typeof path === "string" ? path.replace(/(?<=.)\/+$/, "") : undefined;
}

/** Whether two runs have evaluation sets in common, the main one among them, and evaluate them alike. */
export function evaluatedAlike(run: Configuration, other: Configuration): boolean {
  const [sets, others] = [setsOf(run), setsOf(other)];
  const shared = sets.filter((set) => others.includes(set));
  return (
    shared[0] !== undefined &&
    shared[0] === sets[0] &&
    shared.every((set) => groupKey(measurementOf(run, set)) === groupKey(measurementOf(other, set)))
  );
}

/** Equal for runs that differ only in their method. */
function pairKey(configuration: Configuration): string {
  const known = pairKeys.get(configuration);
  if (known !== undefined) return known;
  const { seed } = (configuration.train ?? {}) as Configuration;
  const key = `${seed} ${groupKey(besidesMethod(settingsOf(configuration)))}`;
  pairKeys.set(configuration, key);
  return key;
}
/** By configuration: the dashboard asks for those of all runs again and again. */
const pairKeys = new WeakMap<Configuration, string>();

const setsOf = ({ evaluate }: Configuration): string[] =>
  typeof evaluate === "object" && evaluate !== null ? Object.keys(evaluate) : [];
