import { resolve } from "node:path";
import type { Dataset } from "../datasets/dataset.js";
import { defaultRoot, openDataset } from "../datasets/open.js";
import { UserError } from "../errors.js";
import { isBuiltIn } from "../train/index.js";
import type { Config } from "./config.js";
import type { Listener } from "./listener.js";
import { sharedFiles } from "./shared-files.js";

/** Labelled and unlabelled images of a run. */
export interface Domains {
  readonly source: Dataset;
  /** Without labels. */
  readonly target: Dataset;
  /** The labelled images of the target domain, if the configuration has any. */
  readonly labelledTarget?: Dataset;
}

/** The labelled sets for evaluation, by name. */
export type EvaluationSets = ReadonlyMap<string, Dataset>;

/** Opens a data set of a configuration. Streets first draws images that are missing. */
export const openSet = (
  spec: object,
  { progress }: Pick<Listener, "progress">,
  base = process.cwd(),
): Promise<Dataset> => openDataset(spec, base, progress);

/** A data set that must have labels: every image, or with `labelled: some` one at least. */
export const withLabels = (spec: object): object => ({
  ...spec,
  labelled: "labelled" in spec && spec.labelled === "some" ? "some" : true,
});

/** Opens the labelled sets for evaluation. */
export async function openEvaluationSets(
  config: Config,
  listener: Pick<Listener, "progress">,
  base = process.cwd(),
): Promise<EvaluationSets> {
  const sets = new Map<string, Dataset>();
  for (const [name, spec] of Object.entries(config.evaluate)) {
    sets.set(name, await openSet(withLabels(spec), listener, base));
  }
  return sets;
}

/**
 * Opens source, target, labelled target and evaluation sets. The target is opened without its labels.
 * @throws UserError if their classes differ, or if a labelled target image is also in an evaluation set
 */
export async function openDomains(
  config: Config,
  listener: Pick<Listener, "progress">,
): Promise<Domains & { readonly evaluate: EvaluationSets }> {
  const source = await openSet(withLabels(config.source), listener);
  const target = await openSet({ ...config.target, labelled: false }, listener);
  const few = config.labelledTarget && (await openLabelledTarget(config.labelledTarget, listener));
  const evaluate = await openEvaluationSets(config, listener);
  const { classes } = source;
  // One colour for a class, whichever set is shown.
  const alike = (name: string, dataset: Dataset): Dataset => {
    requireSameClasses(classes.names.join(", "), name, dataset.classes.names.join(", "));
    return { ...dataset, classes };
  };
  if (few) requireApart(few, evaluate);
  return {
    source,
    target: alike("target", target),
    ...(few && { labelledTarget: alike("labelledTarget", few) }),
    evaluate: new Map([...evaluate].map(([name, dataset]) => [name, alike(name, dataset)])),
  };
}

/** @throws UserError if the set has no labels, or as `openSet` does, with the key in front */
async function openLabelledTarget(
  { weight: _, ...spec }: NonNullable<Config["labelledTarget"]>,
  listener: Pick<Listener, "progress">,
): Promise<Dataset> {
  const dataset = await openSet(spec, listener).catch((error: unknown) => {
    if (!(error instanceof UserError)) throw error;
    throw new UserError(error.code, `labelledTarget: ${error.message}`, { cause: error });
  });
  if (dataset.labelled) return dataset;
  throw new UserError(
    "no-labels",
    `labelledTarget: ${dataset.name} has no labels: add them, or use these images as \`target\`, which ` +
      "does not need labels",
  );
}

/** @throws UserError if an evaluation set contains a labelled target image: scores would be too high */
function requireApart(labelled: Dataset, evaluate: EvaluationSets): void {
  const learnt = imagePaths(labelled);
  for (const [name, dataset] of evaluate) {
    const shared = sharedFiles(learnt, imagePaths(dataset));
    if (shared.length === 0) continue;
    throw new UserError(
      "conflicting-options",
      `labelledTarget and evaluate.${name} share ${shared.length} of ${dataset.names.length} images, such ` +
        `as ${shared[0]}, so the scores would be measured on training images: leave them out of one of the ` +
        "two with `list` or `exclude`",
    );
  }
}

const imagePaths = ({ names, files }: Dataset): string[] =>
  files === undefined ? [] : names.map((_, index) => files.of(index).image);

function requireSameClasses(classes: string, name: string, theirs: string): void {
  if (theirs === classes) return;
  throw new UserError(
    "class-mismatch",
    `source and ${name} have different classes (${classes}; ${theirs}): set the same \`classes\` for both, ` +
      "and a `mapping` if their ids differ",
  );
}

/** Makes data roots absolute, relative to `base`, so that a run folder can be moved. */
export function withAbsoluteRoots(config: Config, base: string): Config {
  const absolute = (spec: Config["source"]): Config["source"] => {
    const { root = defaultRoot(spec.type) } = spec;
    return typeof root === "string" ? { ...spec, root: resolve(base, root) } : spec;
  };
  const { network, style, pretrain, after, labelledTarget } = config;
  const { coder } = style;
  const files =
    typeof coder === "object"
      ? {
          ...coder,
          encoder: resolve(coder.encoder),
          ...(coder.decoder !== undefined && { decoder: resolve(coder.decoder) }),
        }
      : coder !== undefined && resolve(coder);
  return {
    ...config,
    style: files ? { ...style, coder: files } : style,
    network:
      network.weights === undefined || isBuiltIn(network.weights)
        ? network
        : { ...network, weights: resolve(network.weights) },
    ...(pretrain?.run !== undefined && { pretrain: { ...pretrain, run: resolve(pretrain.run) } }),
    ...(after?.run !== undefined && { after: { ...after, run: resolve(after.run) } }),
    source: absolute(config.source),
    target: absolute(config.target),
    ...(labelledTarget && { labelledTarget: { ...labelledTarget, ...absolute(labelledTarget) } }),
    evaluate: Object.fromEntries(
      Object.entries(config.evaluate).map(([name, spec]) => [name, absolute(spec)]),
    ),
  };
}

/** A data set of a configuration, and its key. */
export interface ChosenSet {
  readonly spec: Config["source"];
  readonly key: string;
}

/**
 * The data set with a name: source, target or labelledTarget, for training, or an evaluation set. An
 * evaluation set with the name source is `evaluate.source`.
 * @throws UserError with the existing names
 */
export function setOf(name: string, config: Config): ChosenSet {
  const { source, target, labelledTarget } = config;
  const { weight: _, ...few } = labelledTarget ?? {};
  const trained = {
    ...{ source, target },
    ...(labelledTarget && { labelledTarget: few as Config["source"] }),
  };
  const measured = Object.entries(config.evaluate).map(
    ([own, spec]) =>
      [
        Object.hasOwn(trained, own) ? `evaluate.${own}` : own,
        { spec, key: `evaluate.${own}` },
      ] as const,
  );
  const all = new Map<string, ChosenSet>([
    ...Object.entries(trained).map(([key, spec]) => [key, { spec, key }] as const),
    ...measured,
  ]);
  const chosen = all.get(name);
  if (chosen) return chosen;
  throw new UserError(
    "unknown-name",
    `the configuration does not have a data set ${name}; expected one of ${[...all.keys()].join(", ")}`,
  );
}
