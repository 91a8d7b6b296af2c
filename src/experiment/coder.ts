import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { streamSeed } from "../datasets/random-streams.js";
import { UserError } from "../errors.js";
import {
  type Coder,
  coderTraining,
  createCoder,
  freshCoder,
  frozen,
  loadCoder,
  loadPublished,
  saveCoder,
  trainCoder,
} from "../style/index.js";
import { dispose, manualSeed, randomState, setRandomState } from "../torch/index.js";
import { requireWritable } from "../write-atomically.js";
import type { Config } from "./config.js";
import type { Domains } from "./domains.js";
import type { Listener } from "./listener.js";

const KEPT = "coder.safetensors";

/** Where a run keeps its coder. */
export const coderIn = (folder: string): string => join(folder, KEPT);

/**
 * The coder of a configuration: the one that `folder` keeps; else the one that `style.coder` names;
 * else one that is trained now. Afterwards `folder`, if any, keeps it.
 */
export async function openCoder(
  config: Config,
  domains: Domains,
  listener: Listener,
  folder?: string,
): Promise<Coder> {
  if (folder === undefined) return findCoder(config, domains, listener);
  const kept = coderIn(folder);
  if (existsSync(kept)) return loadCoder(kept, config.train.device);
  const coder = await findCoder(config, domains, listener);
  mkdirSync(folder, { recursive: true });
  saveCoder(kept, coder);
  return coder;
}

/**
 * The coder that `style.coder` names, trained where its file is still to be made.
 * @param keepAt a file for a coder that is trained, where `style.coder` names none
 */
export async function findCoder(
  config: Config,
  domains: Domains,
  listener: Listener,
  keepAt?: string,
): Promise<Coder> {
  const { device } = config.train;
  const { coder: named } = config.style;
  if (typeof named === "string" && existsSync(named)) return loadCoder(named, device);
  const file = typeof named === "string" ? named : keepAt;
  if (file !== undefined) requireMakeable(file, listener);
  const given = typeof named === "object" ? named : undefined;
  const training = coderTraining(config.style.training, given !== undefined);
  if (given && training.width !== 1) {
    throw new UserError(
      "conflicting-options",
      "style.training.width is of our own encoders; a given one has width 1",
    );
  }
  return withRandomState(config.train.seed, async () => {
    const coder = given ? createCoder(1, device) : freshCoder(training.width, device);
    try {
      if (given) loadPublished(coder, given.encoder, given.decoder);
      if (given?.decoder !== undefined) return frozen(coder);
      const own = given ? { ...training, reproduce: 0 } : training;
      await train(coder, config, domains, own, listener);
      if (file !== undefined) saveCoder(file, coder);
      return coder;
    } catch (error) {
      dispose(coder.parameters.all);
      throw error;
    }
  });
}

async function train(
  coder: Coder,
  { style, sizes, train }: Config,
  { source, target }: Domains,
  training: ReturnType<typeof coderTraining>,
  { progress }: Listener,
): Promise<void> {
  await trainCoder(coder, {
    content: { dataset: source, size: sizes.source },
    style: { dataset: target, size: sizes.target },
    bothWays: style.domains === "both",
    training,
    precision: train.precision,
    seed: streamSeed(train.seed, "style coder"),
    onStep: (done, total) => progress("training AdaIN's coder", done, total),
  });
}

/** @throws UserError before an hour of training that would end in a file that cannot be written */
function requireMakeable(path: string, { note }: Listener): void {
  if (!path.endsWith(".safetensors")) {
    throw new UserError(
      "unsupported-file",
      `${path} does not exist; a coder to be made is called NAME.safetensors, published ` +
        "files are { encoder: vgg_normalised.pth, decoder: decoder.pth }",
    );
  }
  requireWritable(path);
  note(`${path} does not exist yet: the coder is trained now, and kept there`);
}

/** Numbers of its own for `body`: what is drawn later is the same whether a coder was trained or read. */
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
