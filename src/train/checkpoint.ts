import { existsSync, mkdirSync, readdirSync, rmSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { UserError, writing } from "../errors.js";
import type { Method } from "../methods/method.js";
import { mismatchAdvice, type Network } from "../network/index.js";
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
import { ownRandomState, type RandomStates, takeRandomState } from "./random-states.js";
import { stepName } from "./step-name.js";

/** What a checkpoint says of itself. */
export interface CheckpointInfo {
  readonly step: number;
  readonly method: string;
  readonly classes: readonly string[];
  /** The network's part of the configuration, as JSON. */
  readonly network: unknown;
  /** The coarse stage that the network was trained behind, as JSON; undefined if not recorded. */
  readonly stage?: unknown;
}

const NETWORK = "network/";
const METHOD = "method/";
const RANDOM = "random";
const FORMAT = "cfcontra-2";
const WITHOUT_CHECKSUM = "cfcontra-1";
const KEPT = 2;

/** Whether the metadata of a file of tensors are those of a checkpoint. */
export const isCheckpoint = ({ format }: Readonly<Record<string, string>>): boolean =>
  format === FORMAT || format === WITHOUT_CHECKSUM;

/** The network among a checkpoint's tensors, under the names of its state dict. */
export const networkOf = (tensors: TensorMap): TensorMap => below(NETWORK, tensors);

/**
 * Writes network, optimiser, banks and every rank's random state to one file, complete or not at all.
 * @throws UserError where the disk refuses it, or a number is not finite: a finite loss may leave
 *   infinite weights behind, and these must not push good checkpoints out
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
    writeSafetensors(path, tensors, { format: FORMAT, ...metadata(info) });
  });
}

function requireFinite(tensors: TensorMap, step: number): void {
  for (const [name, tensor] of tensors) {
    if (scope(() => tensor.isFinite().not().sum().item()) === 0) continue;
    throw new UserError(
      "not-finite",
      `step ${step}: ${name} is not finite any more, so nothing was saved; earlier checkpoints are ` +
        "intact: lower train.rate, or use float32 instead of bfloat16",
    );
  }
}

function metadata({
  step,
  method,
  classes,
  network,
  stage,
}: CheckpointInfo): Record<string, string> {
  return {
    step: String(step),
    method,
    classes: JSON.stringify(classes),
    network: JSON.stringify(network),
    ...(stage !== undefined && { stage: JSON.stringify(stage) }),
  };
}

/** A checkpoint as its file holds it. */
export interface Checkpoint {
  readonly info: CheckpointInfo;
  readonly tensors: TensorMap;
}

/**
 * Reads a checkpoint of `saveCheckpoint`. The caller disposes its tensors.
 * @throws UserError if the file is missing, none of this project's, or damaged: then it names the one
 *   before it
 */
export function readCheckpoint(path: string): Checkpoint {
  const { tensors, metadata } = intact(path);
  try {
    if (!isCheckpoint(metadata)) throw new Error();
    const info: CheckpointInfo = {
      step: Number(metadata.step),
      method: metadata.method as string,
      classes: JSON.parse(metadata.classes as string) as string[],
      network: JSON.parse(metadata.network as string) as unknown,
      ...(metadata.stage !== undefined && { stage: JSON.parse(metadata.stage) as unknown }),
    };
    return { info, tensors };
  } catch {
    dispose(tensors);
    throw new UserError(
      "unsupported-file",
      `${path} holds tensors, but is no checkpoint of a cfcontra run`,
    );
  }
}

function intact(path: string): ReturnType<typeof readSafetensors> {
  try {
    const read = readSafetensors(path);
    if (read.metadata.format !== FORMAT || read.metadata.sha256 !== undefined) return read;
    dispose(read.tensors);
    throw new UserError(
      "damaged-file",
      `${path} is damaged, its checksum is missing; use another copy of it`,
    );
  } catch (error) {
    const before = checkpoints(dirname(dirname(path))).filter((other) => other < path);
    const previous = before.at(-1);
    if (!(error instanceof UserError) || previous === undefined) throw error;
    throw new UserError(
      error.code,
      `${error.message}, or the checkpoint before it, ${previous}: \`--resume\` takes that once ` +
        "this file is removed",
      { cause: error },
    );
  }
}

function requireSame(
  path: string,
  { method, classes }: CheckpointInfo,
  run: Pick<CheckpointInfo, "method" | "classes">,
): void {
  if (method !== run.method) {
    throw new UserError(
      "class-mismatch",
      `${path} was made by another method, ${method}; this run is ${run.method}`,
    );
  }
  if (classes.join() !== run.classes.join()) {
    throw new UserError(
      "class-mismatch",
      `${path} is for the classes ${classes.join(", ")}; this run has ${run.classes.join(", ")}`,
    );
  }
}

/** @throws UserError unless the saved tensors are those of the network, name by name. */
const requireNetwork = (path: string, saved: TensorMap, network: Network): void =>
  requireFit(path, saved, network.parameters.all, () => mismatchAdvice(saved, network));

/** @throws UserError unless the saved tensors are those of `into`, name by name. */
function requireFit(
  path: string,
  saved: TensorMap,
  into: TensorMap,
  advice = () => "use its own configuration",
): void {
  const other = "it was made by another method, network or head";
  for (const [name, { shape }] of into) {
    const found = saved.get(name);
    if (found === undefined)
      throw new UserError("checkpoint-mismatch", `${path} has no ${name}: ${other}; ${advice()}`);
    if (String(found.shape) !== String(shape)) {
      throw new UserError(
        "class-mismatch",
        `${path} is for another network: its ${name} is [${found.shape}], but this one's is ` +
          `[${shape}]; ${advice()}`,
      );
    }
  }
  // Nothing may be left over either: a bank means something to the network and head that made it.
  for (const name of saved.keys()) {
    if (into.has(name)) continue;
    throw new UserError(
      "checkpoint-mismatch",
      `${path} has ${name}, which this run has not: ${other}; ${advice()}`,
    );
  }
}

function restore(saved: TensorMap, into: TensorMap): void {
  noGrad(() => {
    for (const [name, tensor] of into) copyInto(tensor, saved.get(name) as Tensor);
  });
}

/** Puts the weights of a checkpoint into the network. Throws UserError if they do not fit. */
export function loadNetwork(path: string, { tensors }: Checkpoint, network: Network): void {
  const saved = networkOf(tensors);
  requireNetwork(path, saved, network);
  restore(saved, network.parameters.all);
}

/** Where a run is: fresh, or as a checkpoint left it. */
export interface Position {
  /** Steps done. */
  readonly step: number;
  readonly random: RandomStates;
}

/**
 * Puts everything back as it was when the checkpoint was made, the random generator as rank 0 had it.
 * @param run what the run is, to refuse a checkpoint of the same tensors and another meaning
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
    if (run) requireSame(path, info, run);
    const [learnt, state] = [networkOf(tensors), below(METHOD, tensors)];
    requireNetwork(path, learnt, network);
    requireFit(path, state, method.state);
    restore(learnt, network.parameters.all);
    restore(state, method.state);
    const random = randomOf(tensors);
    takeRandomState(random[0] as Uint8Array);
    return { step: info.step, random };
  } finally {
    dispose(tensors);
  }
}

/** One state a rank; checkpoints of earlier versions have rank 0's alone, without a dimension for ranks. */
function randomOf(tensors: TensorMap): RandomStates {
  const states = tensors.get(RANDOM);
  if (states === undefined) return [ownRandomState()];
  return scope(() => {
    const rows = states.reshape(-1, states.shape.at(-1) as number);
    return Array.from({ length: rows.size(0) }, (_, rank) =>
      Uint8Array.from(rows.select(0, rank).bytes()),
    );
  });
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

/** Saves under the step's name; once that is complete, removes all but the newest two. */
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

/** The newest checkpoint of a run folder, or the file itself. Throws UserError if there is none. */
export function latestCheckpoint(path: string): string {
  if (basename(path).endsWith(".safetensors")) return path;
  const latest = checkpoints(path).at(-1);
  if (latest === undefined) {
    throw new UserError(
      "no-checkpoint",
      `${path} has no checkpoint: expected a run folder with checkpoints/step-*.safetensors, or such a file`,
    );
  }
  return latest;
}

/** A file of weights: the one that is named, or the newest checkpoint of a run folder. */
export function weightsFile(path: string): string {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ? latestCheckpoint(path) : path;
}
