import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { streamSeed } from "../datasets/random-streams.js";
import { UserError } from "../errors.js";
import { ADAIN_ENCODER, identify, thisIs } from "../network/index.js";
import {
  type Coder,
  type CoderKind,
  coderTraining,
  createCoder,
  freshCoder,
  freshMobilenetCoder,
  frozen,
  loadCoder,
  loadMobilenet,
  loadPublished,
  saveCoder,
  trainCoder,
} from "../style/index.js";
import { dispose, manualSeed, randomState, readTensors, setRandomState } from "../torch/index.js";
import { requireWritable } from "../write-atomically.js";
import type { Config } from "./config.js";
import { takeDevice } from "./device.js";
import type { Domains } from "./domains.js";
import type { Listener } from "./listener.js";

const KEPT = "coder.safetensors";

/** The path of a run's coder. */
export const coderIn = (folder: string): string => join(folder, KEPT);

/**
 * The coder of a configuration: from `folder`, from `style.coder`, or else trained now. It is saved in
 * `folder`, if given.
 */
export async function openCoder(
  config: Config,
  domains: Domains,
  listener: Listener,
  folder?: string,
): Promise<Coder> {
  if (folder === undefined) return findCoder(config, domains, listener);
  const kept = coderIn(folder);
  if (existsSync(kept)) return loadCoder(kept, takeDevice(config));
  const coder = await findCoder(config, domains, listener);
  mkdirSync(folder, { recursive: true });
  saveCoder(kept, coder);
  return coder;
}

/**
 * The coder of `style.coder`, which is trained if its file does not exist.
 * @param keepAt the file for a trained coder, if `style.coder` is not given
 */
export async function findCoder(
  config: Config,
  domains: Domains,
  listener: Listener,
  keepAt?: string,
): Promise<Coder> {
  const device = takeDevice(config);
  const { coder: named, training: changes } = config.style;
  if (typeof named === "string" && existsSync(named)) return loadCoder(named, device);
  const file = typeof named === "string" ? named : keepAt;
  if (file !== undefined) requireMakeable(file, listener);
  const given = typeof named === "object" ? { ...named, ...encoderIn(named) } : undefined;
  if (given) requireUseful(changes, given);
  const training = coderTraining(changes, given?.kind ?? "own");
  return withRandomState(streamSeed(config.train.seed, "style coder"), async () => {
    const coder = given ? createGiven(given, device) : freshCoder(training.width, device);
    try {
      if (given) fill(coder, given);
      if (given?.decoder !== undefined) return frozen(coder);
      const own = given?.kind === "vgg" ? { ...training, reproduce: 0 } : training;
      await train(coder, config, domains, own, listener);
      if (file === undefined) return coder;
      if (existsSync(file)) return savedMeanwhile(file, coder, listener);
      saveCoder(file, coder);
      return coder;
    } catch (error) {
      dispose(coder.parameters.all);
      throw error;
    }
  });
}

/** The coder that another run has saved while this one trained its own, so that runs that share a file use one. */
function savedMeanwhile(file: string, own: Coder, { note }: Listener): Coder {
  note(`${file} was saved by another run in the meantime: using that`);
  const coder = loadCoder(file, own.device);
  dispose(own.parameters.all);
  return coder;
}

/** @throws UserError for settings of a training that a given coder does not have */
function requireUseful(changes: Config["style"]["training"], given: Files & Encoder): void {
  const refuse = (why: string) => new UserError("conflicting-options", why);
  if (given.decoder !== undefined && Object.keys(changes).length > 0) {
    throw refuse(
      "style.coder gives encoder and decoder, so style.training has no effect: remove it",
    );
  }
  if (changes.width !== undefined && changes.width !== 1) {
    throw refuse(
      "style.training.width applies only to trained encoders, but style.coder gives an encoder: remove one of them",
    );
  }
  if (changes.reproduce !== undefined && given.kind === "vgg") {
    throw refuse(
      "style.training.reproduce does not apply to AdaIN's encoder, whose decoder learns with AdaIN's losses alone: " +
        "remove it",
    );
  }
}

/** `style.coder` with files. */
type Files = Exclude<Config["style"]["coder"], string | undefined>;

/** An encoder's file, recognised. */
interface Encoder {
  readonly kind: CoderKind;
  readonly width: number;
}

/**
 * The kind of an encoder's file. A file that is not recognised counts as AdaIN's, for `loadPublished` to
 * explain.
 * @throws UserError if the file cannot be read, is another network, or does not fit the other keys
 */
function encoderIn({ encoder, decoder, input }: Files): Encoder {
  const { tensors } = readTensors(encoder);
  const found = identify(tensors);
  dispose(tensors);
  if (found?.settings?.backbone === "mobilenetv2") {
    if (decoder === undefined) return { kind: "mobilenetv2", width: found.width ?? 1 };
    throw new UserError(
      "conflicting-options",
      `style.coder.decoder belongs to AdaIN's vgg_normalised.pth, but ${encoder} is a MobileNetV2, for which a ` +
        "decoder is trained: remove style.coder.decoder",
    );
  }
  if (found !== undefined && found.words !== ADAIN_ENCODER) {
    throw new UserError(
      "weights-mismatch",
      `${encoder} is not an encoder for AdaIN: ${thisIs(found.words)}; set style.coder.encoder to AdaIN's ` +
        "vgg_normalised.pth, or to a MobileNetV2 with torchvision's names",
    );
  }
  if (input !== undefined) {
    throw new UserError(
      "conflicting-options",
      "style.coder.input applies only to a MobileNetV2: AdaIN's encoder converts colours itself; remove it",
    );
  }
  return { kind: "vgg", width: 1 };
}

const createGiven = ({ kind, width, input }: Files & Encoder, device: string): Coder =>
  kind === "vgg" ? createCoder(1, device) : freshMobilenetCoder({ width, input, device });

function fill(coder: Coder, { kind, encoder, decoder }: Files & Encoder): void {
  if (kind === "vgg") loadPublished(coder, encoder, decoder);
  else loadMobilenet(coder, encoder);
}

async function train(
  coder: Coder,
  { style, sizes, train }: Config,
  { source, target }: Domains,
  training: ReturnType<typeof coderTraining>,
  { progress, signal }: Listener,
): Promise<void> {
  await trainCoder(coder, {
    content: { dataset: source, size: sizes.source },
    style: { dataset: target, size: sizes.target },
    bothWays: style.domains === "both",
    training,
    precision: train.precision,
    seeds: [streamSeed(train.seed, "style coder"), streamSeed(train.seed, "style coder looks")],
    onStep: (done, total) => progress("training AdaIN's coder", done, total),
    signal,
  });
}

/** @throws UserError if the file of a coder cannot be written, before an hour of training */
function requireMakeable(path: string, { note }: Listener): void {
  if (!path.endsWith(".safetensors")) {
    throw new UserError(
      "unsupported-file",
      `${path} does not exist: to train a coder, set style.coder to NAME.safetensors; for published files, set it ` +
        "to { encoder: vgg_normalised.pth, decoder: decoder.pth }",
    );
  }
  requireWritable(path);
  note(`${path} does not exist yet: training the coder, and saving it there`);
}

/** Runs `body` with its own random state, so that later numbers do not depend on whether a coder is trained. */
async function withRandomState<T>(seed: number, body: () => Promise<T>): Promise<T> {
  const before = randomState();
  manualSeed(seed);
  try {
    return await body();
  } finally {
    setRandomState(before);
    before.dispose();
  }
}
