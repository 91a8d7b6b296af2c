// Which runs repeat one experiment: runs of one group differ only in their seed. Loads nothing, so that the
// dashboard's server and page use it, too.

/** The content of a `config.yaml`, of any version. */
export type Configuration = Readonly<Record<string, unknown>>;

/** Dotted keys, sorted, with their values as text: "train.rate" to "0.03". */
export type Settings = ReadonlyMap<string, string>;

/** The seed, when a run is saved, evaluated or logged, its device, and how that computes. */
const NOT_OF_A_GROUP: readonly string[] = [
  "train.seed",
  "train.checkpointEvery",
  "train.evaluateEvery",
  "train.gradientNorms",
  "train.device",
  "train.deterministic",
  "train.benchmark",
  "train.graphs",
  "train.workers",
];

/** The keys that may name the run to start from. */
const STARTS = ["network.weights", "pretrain.run", "after.run"];
/** The folder names of pretrainings that `pretrain` and `demo` choose. */
const PRETRAINED = /(^|[/-])pretrained(-\d+)?$/;

/**
 * The settings that a run shares with the other seeds of its group. Options of methods other than its own and
 * that of `after` are left out, since the run does not read them. So are the folders of the pretraining and of
 * the first run that the sections `pretrain` and `after` describe. If the name of another start ends with the
 * run's seed, the seed is left out of it.
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
  return sorted(all);
}

/** Equal for all runs of a group, and different for all others. */
export const groupKey = (settings: Settings): string => JSON.stringify([...settings]);

/** The settings without the method and its options. The options of the method of `after` stay. */
export const besidesMethod = (settings: Settings): Settings => {
  const first = settings.get("after.method");
  return new Map([...settings].filter(([key]) => key !== "method" && isReadBy(first, key)));
};

/** What decides the scores that a network gets on an evaluation set: its images, and the sizes. */
export function measurementOf(configuration: Configuration, set: string): Settings {
  const sets = tableOf(configuration.evaluate);
  const { evaluate, output = evaluate } = tableOf(configuration.sizes);
  const images = Object.hasOwn(sets, set) ? sets[set] : undefined;
  return sorted(
    new Map([
      ...flat(images, `evaluate.${set}`),
      ...flat(evaluate, "sizes.evaluate"),
      ...flat(output, "sizes.output"),
    ]),
  );
}

/** The part of the settings that decides the scores on an evaluation set, as `measurementOf` has it. */
export function measurementIn(settings: Settings, set: string): Settings {
  const isSize = (which: string) => (key: string) => key.startsWith(`sizes.${which}`);
  const keys = [...settings.keys()];
  const isOf = (key: string) => `${key}.`.startsWith(`evaluate.${set}.`);
  const found = [...settings].filter(
    ([key]) => isOf(key) || isSize("evaluate")(key) || isSize("output")(key),
  );
  const [evaluate, output] = [isSize("evaluate"), isSize("output")].map((is) => keys.filter(is));
  if (output?.length === 0) {
    for (const key of evaluate ?? []) {
      const value = settings.get(key) as string;
      found.push([key.replace("sizes.evaluate", "sizes.output"), value]);
    }
  }
  return sorted(new Map(found));
}

/** The keys, sorted, whose values differ between runs; options are compared between runs of their method. */
export function differences(runs: Iterable<Settings>): string[] {
  const all = [...runs];
  const keys = new Set(all.flatMap((settings) => [...settings.keys()]));
  return [...keys]
    .filter((key) => {
      const reading = all.filter((settings) =>
        ["method", "after.method"].some((one) => isReadBy(settings.get(one), key)),
      );
      return new Set(reading.map((settings) => settings.get(key))).size > 1;
    })
    .sort();
}

const isReadBy = (method: string | undefined, key: string): boolean =>
  !key.startsWith("options.") || key.startsWith(`options.${method}.`);

/** A folder's name without the number that it ends with, if that is the run's seed or a pretraining's. */
const withoutSeed = (folder: string, seed: string | undefined): string =>
  folder.replace(/\d+$/, (number, at) =>
    number === seed || PRETRAINED.test(folder.slice(0, at - 1)) ? "SEED" : number,
  );

const sorted = (settings: Settings): Settings =>
  new Map([...settings].sort(([a], [b]) => (a < b ? -1 : 1)));

const tableOf = (value: unknown): Configuration =>
  typeof value === "object" && value !== null ? (value as Configuration) : {};

function flat(value: unknown, path: string): [string, string][] {
  if (value === undefined) return [];
  if (typeof value === "string") return [[path, value]];
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return [[path, JSON.stringify(value)]];
  }
  return Object.entries(value).flatMap(([key, one]) => flat(one, path ? `${path}.${key}` : key));
}
