import { UserError } from "../errors.js";
import { METHODS } from "../methods/index.js";
import type { Config } from "./config.js";
import { parsed } from "./presets.js";

/** Settings that only some configurations read. */
interface Conditional {
  readonly keys: readonly string[];
  /** Undefined if the configuration reads them; else why it does not. */
  readonly unread: (config: Config) => string | undefined;
}

/** Settings that are read with one value of another key, `of`, whose value is `actual`. */
const only = (
  keys: readonly string[],
  of: string,
  wanted: string,
  actual: (config: Config) => unknown,
): Conditional => ({
  keys,
  unread(config) {
    const value = String(actual(config));
    return value === wanted ? undefined : `has no effect with ${of} ${value}, only with ${wanted}`;
  },
});

const optimizer = ({ train }: Config) => train.optimizer;
const styleMethod = ({ style }: Config) => style.method;

const CONDITIONAL: readonly Conditional[] = [
  only(["train.momentum"], "train.optimizer", "sgd", optimizer),
  only(["train.betas"], "train.optimizer", "adamw", optimizer),
  only(
    ["sampling.temperature", "sampling.leastShare"],
    "sampling.rareClasses",
    "true",
    ({ sampling }) => sampling.rareClasses,
  ),
  only(["style.beta"], "style.method", "fourier", styleMethod),
  only(["style.coder", "style.training", "style.residual"], "style.method", "adain", styleMethod),
  {
    keys: ["style.alpha", "style.images", "style.domains"],
    unread: ({ style }) =>
      style.method === "none" ? "has no effect with style.method none" : undefined,
  },
  {
    keys: ["network.weightsFor"],
    unread: ({ network }) =>
      network.weights === undefined ? "has no effect without network.weights" : undefined,
  },
  ...METHODS.map((name) => ({
    keys: [`options.${name}`],
    unread: ({ method, after, pretrain }: Config) =>
      [method, after?.method, pretrain && "source-only"].includes(name)
        ? undefined
        : `has no effect with method ${method}, only with ${name}`,
  })),
];

/** The dotted keys of a value: of each leaf, if it is a table. */
function leaves(path: string, value: unknown): string[] {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return [path];
  const inner = Object.entries(value);
  return inner.length === 0 ? [path] : inner.flatMap(([key, v]) => leaves(`${path}.${key}`, v));
}

/** The dotted keys that an assignment gives: those of a table, each. */
export function assignedKeys(assignment: string): string[] {
  const { keys, value } = parsed(assignment);
  return leaves(keys.join("."), value);
}

/** Whether a path is a key, or below it. */
const isWithin = (path: string, key: string): boolean => path === key || path.startsWith(`${key}.`);

/**
 * Requires that a run reads what was assigned to its configuration, as `a.b.c=value`.
 * @throws UserError with the first key that it does not read
 */
export function requireRead(config: Config, set: readonly string[] = []): void {
  for (const assignment of set) {
    if (parsed(assignment).value === null) continue; // removes the key
    for (const path of assignedKeys(assignment)) {
      const reason = reasonAgainst(config, path);
      if (reason === undefined) continue;
      throw new UserError(
        "conflicting-options",
        `--set ${assignment}: ${path} ${reason}: change that, too, or leave it out`,
      );
    }
  }
}

function reasonAgainst(config: Config, path: string): string | undefined {
  return CONDITIONAL.find(({ keys }) => keys.some((key) => isWithin(path, key)))?.unread(config);
}

/** Settings that only training reads. */
const TRAINING = [
  ...["options", "pretrain", "after", "sampling", "augment", "labelledTarget"],
  ...["network.weights", "network.weightsFor", "network.init", "network.statistics"],
];
/** The settings of `train` that evaluation and prediction read, too. */
const PREDICTION_READS = [
  ...["train.device", "train.precision", "train.ema", "train.workers"],
  ...["train.tf32", "train.deterministic", "train.graphs"],
];

/** More that is not read. Of a file of weights, the method still chooses the preset's `byMethod`. */
const ALSO_UNREAD = {
  run: ["method", "style.images", "style.coder", "style.training", "style.preserveColor"],
  file: ["style", "train.ema"],
};

/**
 * Requires that evaluation and prediction read what was assigned to the configuration of a trained network,
 * the one of a run or of a file of weights.
 * @throws UserError with the first key that they do not read
 */
export function requireReadByTrained(
  of: keyof typeof ALSO_UNREAD,
  config: Config,
  set: readonly string[] = [],
): void {
  const unread = [...TRAINING, ...ALSO_UNREAD[of]];
  for (const assignment of set) {
    const found = assignedKeys(assignment).find(
      (path) =>
        unread.some((key) => isWithin(path, key)) ||
        (path.startsWith("train.") && !PREDICTION_READS.includes(path)),
    );
    if (found === undefined) continue;
    throw new UserError(
      "conflicting-options",
      `--set ${assignment}: a trained network does not read ${found}: leave it out`,
    );
  }
  requireRead(config, set);
}
