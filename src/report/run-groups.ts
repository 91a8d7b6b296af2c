// Which runs are one experiment, repeated: runs of one group differ in their seed alone. Loads nothing,
// so that the dashboard's server and page use it, too.

/** A configuration as a `config.yaml` has it, of whatever version. */
type Configuration = Readonly<Record<string, unknown>>;

/** Dotted keys, sorted, with their values as text: "train.rate" to "0.03". */
export type Settings = ReadonlyMap<string, string>;

/** The seed, and what changes when a run is saved, measured or logged, or where it computes. */
const NOT_OF_A_GROUP: readonly string[] = [
  "train.seed",
  "train.checkpointEvery",
  "train.evaluateEvery",
  "train.gradientNorms",
  "train.device",
];

/** Where a run may name the run that it starts from. */
const STARTS = ["network.weights", "pretrain.run", "after.run"];
/** As `pretrain` and the demo call the folder of a pretraining. */
const PRETRAINED = /(^|[/-])pretrained(-\d+)?$/;

/**
 * The settings that a run shares with the other seeds of its group. Options of methods other than its
 * own and of `after` are left out, since no run reads them. So are the folders of the pretraining and of the
 * first run that the sections `pretrain` and `after` describe. Of any other start whose name ends with the
 * run's seed, the seed is left out.
 */
export function settingsOf(configuration: Configuration): Settings {
  const all = new Map(flat(configuration, ""));
  const [method, first, seed] = ["method", "after.method", "train.seed"].map((key) => all.get(key));
  for (const key of all.keys()) {
    const isRead = isReadBy(method, key) || isReadBy(first, key);
    if (NOT_OF_A_GROUP.includes(key) || !isRead) all.delete(key);
  }
  for (const key of STARTS) {
    const start = all.get(key)?.replace(/\/+$/, "");
    if (start === undefined) continue;
    const isMade =
      key === "after.run"
        ? all.has("after.method")
        : configuration.pretrain !== undefined && PRETRAINED.test(start);
    if (isMade) all.delete(key);
    else all.set(key, withoutSeed(start, seed));
  }
  return new Map([...all].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** The same for all runs of a group, and for no other. */
export const groupKey = (settings: Settings): string => JSON.stringify([...settings]);

/** What a method's run and the source-only run that it is measured against have in common. */
const TASK = /^(network\.(backbone|width)|source|target|evaluate|sizes|pretrain)(\.|$)/;

/**
 * The same for runs that may be rows of one table: of the same network, data, sizes and pretraining.
 * The pretraining itself has no `pretrain` section, and so is no row beside the runs that start from it.
 */
export const taskKey = (settings: Settings): string =>
  groupKey(new Map([...settings].filter(([key]) => TASK.test(key))));

/**
 * The keys, sorted, whose values are not the same in all runs; options are compared among the runs of
 * their method.
 */
export function differences(runs: Iterable<Settings>): string[] {
  const all = [...runs];
  const keys = new Set(all.flatMap((settings) => [...settings.keys()]));
  return [...keys]
    .filter((key) => {
      const reading = all.filter((settings) => isReadBy(settings.get("method"), key));
      return new Set(reading.map((settings) => settings.get(key))).size > 1;
    })
    .sort();
}

const isReadBy = (method: string | undefined, key: string): boolean =>
  !key.startsWith("options.") || key.startsWith(`options.${method}.`);

/** A folder's name without the number it ends with, if that is the run's seed or a pretraining's. */
const withoutSeed = (folder: string, seed: string | undefined): string =>
  folder.replace(/\d+$/, (number, at) =>
    number === seed || PRETRAINED.test(folder.slice(0, at - 1)) ? "SEED" : number,
  );

function flat(value: unknown, path: string): [string, string][] {
  if (typeof value === "string") return [[path, value]];
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return [[path, JSON.stringify(value)]];
  }
  return Object.entries(value).flatMap(([key, one]) => flat(one, path ? `${path}.${key}` : key));
}
