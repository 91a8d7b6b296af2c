import { existsSync, mkdirSync, readdirSync, rmSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { UserError, writing } from "../errors.js";
import type { Method } from "../methods/method.js";
import { mismatchAdvice, type Network, otherMeaning } from "../network/index.js";
import { below, prefixed } from "../nn/index.js";
import {
  copyInto,
  dispose,
  noGrad,
  readSafetensors,
  scope,
  stack,
  type Tensor,
  type TensorMap,
  tensor,
  writeSafetensors,
} from "../torch/index.js";
import { builtInWeights, isBuiltIn } from "./built-in-weights.js";
import {
  type AverageInfo,
  type CheckpointInfo,
  infoIn,
  metadataOf,
  needsChecksum,
} from "./checkpoint-info.js";
import { ownRandomState, type RandomStates, takeRandomState } from "./random-states.js";
import { requireRun } from "./require-run.js";
import { stepName } from "./step-name.js";

const NETWORK = "network/";
const METHOD = "method/";
const RANDOM = "random";
const KEPT = 2;

/** The network among a checkpoint's tensors, under the names of its state dict. */
export const networkOf = (tensors: TensorMap): TensorMap => below(NETWORK, tensors);

/** The method's state in a checkpoint's tensors, with the names of `Method.state`. */
export const methodStateOf = (tensors: TensorMap): TensorMap => below(METHOD, tensors);

/** The evaluated network of a checkpoint: the running average if it records one, else the network. */
export const evaluatedOf = (tensors: TensorMap, average: AverageInfo | undefined): TensorMap =>
  average === undefined ? networkOf(tensors) : below(METHOD + average.prefix, tensors);

/**
 * Writes network, optimiser, banks and the random state of every rank to one file, atomically.
 * @throws UserError if writing fails, or a number is not finite: a finite loss may leave infinite
 *   weights, which must not replace good checkpoints
 */
export function saveCheckpoint(
  path: string,
  info: CheckpointInfo,
  network: Network,
  method: Method,
  random: RandomStates,
): void {
  const learnt: TensorMap = new Map([
    ...prefixed(NETWORK, network.parameters.all),
    ...prefixed(METHOD, method.state),
  ]);
  requireFinite(learnt, info.step);
  writing(path, () => mkdirSync(dirname(path), { recursive: true }));
  scope(() => {
    const states = stack(random.map((state) => tensor(state))); // [ranks, bytes]
    const tensors = new Map(learnt).set(RANDOM, states);
    writeSafetensors(path, tensors, metadataOf(info));
  });
}

function requireFinite(tensors: TensorMap, step: number): void {
  for (const [name, tensor] of tensors) {
    if (scope(() => tensor.isFinite().not().sum().item()) === 0) continue;
    throw new UserError(
      "not-finite",
      `step ${step}: ${name} is not finite, so no checkpoint was saved: ` +
        "lower train.rate, or use float32 instead of bfloat16",
    );
  }
}

/** The content of a checkpoint. */
export interface Checkpoint {
  readonly info: CheckpointInfo;
  readonly tensors: TensorMap;
}

/**
 * Reads a checkpoint of `saveCheckpoint`. The caller disposes its tensors.
 * @throws UserError if the file is missing, is not a checkpoint, or is damaged; the message then names
 *   the previous checkpoint
 */
export function readCheckpoint(path: string): Checkpoint {
  try {
    return readComplete(path);
  } catch (error) {
    const before = checkpoints(dirname(dirname(path))).filter((other) => other < path);
    const previous = before.at(-1);
    const damaged = error instanceof UserError && error.code !== "unsupported-file";
    if (!damaged || previous === undefined) throw error;
    throw new UserError(
      error.code,
      `${error.message}, or remove it: \`--resume\` then uses the previous checkpoint, ${previous}`,
      { cause: error },
    );
  }
}

function readComplete(path: string): Checkpoint {
  const { tensors, metadata } = readSafetensors(path);
  try {
    const info = infoIn(path, metadata);
    if (info === undefined) {
      throw new UserError(
        "unsupported-file",
        `${path} contains tensors, but is not a checkpoint of a cfcontra run`,
      );
    }
    if (needsChecksum(metadata) && metadata.sha256 === undefined) {
      throw new UserError(
        "damaged-file",
        `${path} is damaged: its checksum is missing; use another copy of it`,
      );
    }
    return { info, tensors };
  } catch (error) {
    dispose(tensors);
    throw error;
  }
}

function requireSame(
  path: string,
  { method, classes, network: trained }: CheckpointInfo,
  run: Pick<CheckpointInfo, "method" | "classes">,
  network: Network,
): void {
  if (method !== run.method) {
    throw new UserError(
      "checkpoint-mismatch",
      `${path} is a checkpoint of the method ${method}, but this run uses ${run.method}: resume with ` +
        "the same method, or start a new run with --out",
    );
  }
  if (classes.join() !== run.classes.join()) {
    throw new UserError(
      "class-mismatch",
      `${path} has the classes ${classes.join(", ")}, but this run has ${run.classes.join(", ")}: resume ` +
        "with the same classes",
    );
  }
  const settings = otherMeaning(trained, network);
  if (settings.length > 0) {
    throw new UserError(
      "checkpoint-mismatch",
      `${path} was trained with ${settings.join(" and ")}, but this run was not: resume with the same ` +
        "settings, or start a new run with --out",
    );
  }
}

/** @throws UserError unless the saved tensors are those of the network, name by name. */
const requireNetwork = (path: string, saved: TensorMap, network: Network): void =>
  requireFit(path, saved, network.parameters.all, () => mismatchAdvice(saved, network));

/** @throws UserError unless the saved tensors have the names and shapes of `into`. */
function requireFit(
  path: string,
  saved: TensorMap,
  into: TensorMap,
  advice = () => "use its own configuration",
): void {
  const other = "it is of another method, network or head";
  for (const [name, { shape }] of into) {
    const found = saved.get(name);
    if (found === undefined) {
      throw new UserError(
        "checkpoint-mismatch",
        `${path} does not contain ${name}: ${other}; ${advice()}`,
      );
    }
    if (String(found.shape) !== String(shape)) {
      throw new UserError(
        "checkpoint-mismatch",
        `${path} does not fit the network: its ${name} is [${found.shape}], but the network's is ` +
          `[${shape}]; ${advice()}`,
      );
    }
  }
  // Nothing may be left over: a bank belongs to the network and head that filled it.
  for (const name of saved.keys()) {
    if (into.has(name)) continue;
    throw new UserError(
      "checkpoint-mismatch",
      `${path} contains ${name}, which this run does not have: ${other}; ${advice()}`,
    );
  }
}

function restore(saved: TensorMap, into: TensorMap): void {
  noGrad(() => {
    for (const [name, tensor] of into) copyInto(tensor, saved.get(name) as Tensor);
  });
}

/**
 * Loads the weights of a checkpoint into the network: those that were trained, or their running average.
 * @throws UserError if they do not fit
 */
export function loadNetwork(
  path: string,
  { tensors }: Checkpoint,
  network: Network,
  average?: AverageInfo,
): void {
  const saved = evaluatedOf(tensors, average);
  requireNetwork(path, saved, network);
  restore(saved, network.parameters.all);
}

/** The position of a run: at its start, or at a checkpoint. */
export interface Position {
  /** Steps done. */
  readonly step: number;
  readonly random: RandomStates;
}

/**
 * Restores everything from a checkpoint, with the random state of rank 0.
 * @param run method and classes of the run: a checkpoint of others may have the same tensors
 * @throws UserError if it does not fit; then nothing was changed
 */
export function resume(
  path: string,
  network: Network,
  method: Method,
  run?: Pick<CheckpointInfo, "method" | "classes">,
): Position {
  const { info, tensors } = readCheckpoint(path);
  try {
    if (run) requireSame(path, info, run, network);
    const [learnt, state] = [networkOf(tensors), methodStateOf(tensors)];
    requireNetwork(path, learnt, network);
    requireFit(path, state, method.state);
    const random = randomOf(path, tensors);
    restore(learnt, network.parameters.all);
    restore(state, method.state);
    return { step: info.step, random };
  } finally {
    dispose(tensors);
  }
}

/** One state per rank, of which rank 0 takes its own; checkpoints of earlier versions have only that of rank 0, as one vector. */
function randomOf(path: string, tensors: TensorMap): RandomStates {
  const own = ownRandomState();
  const states = tensors.get(RANDOM);
  if (states === undefined) return [own];
  const damaged = (what: string, cause?: unknown) =>
    new UserError("damaged-file", `${path} is damaged: its random state ${what}`, { cause });
  const { dtype, shape, count } = states;
  if (dtype !== "uint8" || shape.at(-1) !== own.length || shape.length > 2 || count === 0) {
    throw damaged(`is ${dtype} [${shape}], not uint8 [ranks,${own.length}]`);
  }
  const random = scope(() => {
    const rows = states.reshape(-1, own.length);
    return Array.from({ length: rows.size(0) }, (_, rank) =>
      Uint8Array.from(rows.select(0, rank).bytes()),
    );
  });
  try {
    takeRandomState(random[0] as Uint8Array);
  } catch (error) {
    throw damaged("is not libtorch's", error);
  }
  return random;
}

const NAME = /^step-(\d+)\.safetensors$/;

/** Complete checkpoints in a run folder, oldest first. */
export function checkpoints(run: string): string[] {
  const folder = join(run, "checkpoints");
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => NAME.test(name))
    .sort()
    .map((name) => join(folder, name));
}

/** Saves a checkpoint of this step, then removes all but the newest two. Returns its path. */
export function saveInto(
  run: string,
  info: CheckpointInfo,
  network: Network,
  method: Method,
  random: RandomStates = [ownRandomState()],
): string {
  const path = join(run, "checkpoints", `${stepName(info.step)}.safetensors`);
  saveCheckpoint(path, info, network, method, random);
  for (const old of checkpoints(run).slice(0, -KEPT)) rmSync(old);
  return path;
}

/** The newest checkpoint of a run folder, or the file itself. @throws UserError if there is none */
export function latestCheckpoint(path: string): string {
  if (basename(path).endsWith(".safetensors")) return path;
  const latest = checkpoints(path).at(-1);
  if (latest !== undefined) return latest;
  requireRun(path);
  throw new UserError(
    "no-checkpoint",
    `${path} does not have a checkpoint yet: expected checkpoints/step-*.safetensors in it; ` +
      "train it further with `train --resume`",
  );
}

/**
 * A file of weights: `path` itself, the newest checkpoint if it is a run folder, or weights that come with cfcontra
 * (`builtin:NAME`).
 * @throws UserError if the folder has no checkpoint, or there are no weights of that name
 */
export function weightsFile(path: string): string {
  if (isBuiltIn(path)) return builtInWeights(path);
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ? latestCheckpoint(path) : path;
}
