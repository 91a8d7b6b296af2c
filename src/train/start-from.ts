import { UserError } from "../errors.js";
import {
  type FitOptions,
  type Fitting,
  fitPublished,
  mismatchAdvice,
  type Network,
  otherDecoder,
  otherMeaning,
} from "../network/index.js";
import { loadByName } from "../nn/index.js";
import { dispose, readTensors, scope, type TensorMap } from "../torch/index.js";
import { isBuiltIn } from "./built-in-weights.js";
import { evaluatedOf, weightsFile } from "./checkpoint.js";
import { type CheckpointInfo, infoIn } from "./checkpoint-info.js";

/** What a network is for, and which part of it a file gives. */
export interface StartOptions extends FitOptions {
  /** The names of the network's classes, to be compared with a checkpoint's. */
  readonly classes?: readonly string[];
}

/**
 * Loads weights into a network, from the newest checkpoint of a run folder, a checkpoint, weights that come
 * with cfcontra (`builtin:NAME`), or any file of tensors with the names of the network or of the backbone's
 * published files, under any prefix. Heads that are not in the file (classifiers, projection) keep their initial weights.
 * @returns a message that lists what was loaded and what was not
 * @throws UserError if a tensor is missing, left over or of another shape, if the file has a classifier of
 *   another decoder, or if a checkpoint was trained with other classes, backbone or pixels; then nothing
 *   was changed
 */
export const startFrom = (path: string, network: Network, options: StartOptions = {}): string =>
  load(weightsFile(path), network, options, isBuiltIn(path) ? path : undefined);

/**
 * Loads the weights of a trained network, of which nothing but its file is known: `startFrom`, of a
 * checkpoint the network that is evaluated.
 * @throws UserError as `startFrom`, and if the file does not have the network's main classifier
 */
export const loadTrained = (file: string, network: Network, classes: readonly string[]): string =>
  load(file, network, { classes, trained: true });

function load(
  file: string,
  network: Network,
  options: StartOptions & { readonly trained?: boolean },
  shown = file,
): string {
  const { tensors: all, metadata } = readTensors(file);
  try {
    return scope(() => {
      const info = infoIn(file, metadata);
      const read = info && options.trained ? evaluatedOf(all, info.average) : all;
      const fitting = fitPublished(read, network, options);
      const { tensors, wanted, fresh } = fitting;
      if (info) requireSameMeaning(file, info, network);
      const advice = adviceFor(read, network, fitting);
      if (!options.backboneOnly && otherDecoder(read, network) !== undefined) {
        throw new UserError(
          "weights-mismatch",
          `${file} has another decoder than the network; ${advice}`,
        );
      }
      const hasClassifier = !fresh.includes(network.parts.main.scope);
      if (info && hasClassifier) requireSameClasses(file, info, options.classes);
      if (options.trained && !hasClassifier) {
        throw new UserError(
          "weights-mismatch",
          `${file} does not have the network's classifier, ${network.parts.main.scope}; ${advice}`,
        );
      }
      loadByName(file, tensors, wanted, advice);
      return message(shown, fitting);
    });
  } finally {
    dispose(all);
  }
}

function requireSameMeaning(file: string, info: CheckpointInfo, network: Network): void {
  const settings = otherMeaning(info.network, network);
  if (settings.length === 0) return;
  throw new UserError(
    "weights-mismatch",
    `${file} was trained with ${settings.join(" and ")}, but the network is not: set ${settings.join(" and ")}`,
  );
}

/** The rows of a classifier are in the order of the classes, and have no names of their own. */
function requireSameClasses(
  file: string,
  info: CheckpointInfo,
  classes: readonly string[] = info.classes,
): void {
  if (info.classes.join() === classes.join()) return;
  throw new UserError(
    "class-mismatch",
    `${file} was trained for the classes ${info.classes.join(", ")}, but this run has ` +
      `${classes.join(", ")}: use the same classes in the same order, or load the backbone alone with ` +
      "network.weightsFor=backbone",
  );
}

function adviceFor(
  read: TensorMap,
  network: Network,
  { tensors }: Pick<Fitting, "tensors">,
): string {
  const advice = mismatchAdvice(read, network);
  const fits = [...network.parts.backbone.all].every(
    ([name, { shape }]) => String(tensors.get(name)?.shape) === String(shape),
  );
  return fits ? `${advice}, or load the backbone alone with network.weightsFor=backbone` : advice;
}

function message(file: string, { wanted, fresh, skipped, hints, prefix, others }: Fitting): string {
  const below = (prefixes: readonly string[]) => prefixes.map((each) => `${each}*`).join(", ");
  return [
    `weights from ${file}: ${wanted.size} tensors`,
    ...(others.length > 0 ? [`taken: ${below([prefix])}, not ${below(others)}`] : []),
    ...(fresh.length > 0 ? [`initialised: ${fresh.join(", ")}`] : []),
    ...(skipped.length > 0 ? [`not used: ${skipped.join(", ")} of the file`] : []),
    ...hints,
  ].join("; ");
}
