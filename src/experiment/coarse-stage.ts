import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { augmenting } from "../datasets/augment.js";
import type { Transform } from "../datasets/loader.js";
import { type StreamName, streamSeed } from "../datasets/random-streams.js";
import type { Workers } from "../datasets/workers.js";
import { UserError } from "../errors.js";
import type { Stage } from "../evaluate/index.js";
import {
  adain,
  type Coder,
  commonStatistics,
  createStylist,
  loadCoder,
  restyle,
  type Style,
  styleOf,
} from "../style/index.js";
import { dispose, readSafetensors, type Tensor, writeSafetensors } from "../torch/index.js";
import type { StageRecord } from "../train/index.js";
import { coderIn, openCoder } from "./coder.js";
import type { Config } from "./config.js";
import { takeDevice } from "./device.js";
import type { Domains } from "./domains.js";
import type { Listener } from "./listener.js";

/** The transforms of images between files and network. */
export interface Preparation {
  /** For training images: the coarse stage, then augmentation. */
  readonly source: Transform;
  readonly target: Transform;
  /** Like the target's, with random changes of its own. */
  readonly labelledTarget: Transform;
  /** Only the coarse stage, as for training images. */
  readonly restyle: Transform;
  /** For images to predict, if the coarse stage also restyles the target. */
  readonly stage: Stage | undefined;
  dispose(): void;
}

/**
 * The preparation of a run. The files that prediction needs are saved in `folder`.
 * @param workers augment images, if given
 */
export async function openPreparation(
  config: Config,
  domains: Domains,
  folder: string,
  listener: Listener,
  workers?: Workers,
): Promise<Preparation> {
  const { style, augment, sizes, train } = config;
  const changed = (stream: StreamName) =>
    augmenting(augment, streamSeed(train.seed, stream), workers);
  const augmented = {
    source: changed("source augmentation"),
    target: changed("target augmentation"),
    labelledTarget: changed("labelled target augmentation"),
  };
  if (style.method === "none") {
    const restyle: Transform = async (sample) => sample;
    return { ...augmented, restyle, stage: undefined, dispose: () => {} };
  }
  const { look, dispose: disposeLook } = await openLook(config, domains, listener, folder);
  const choice = { ...style, size: sizes.target, seed: streamSeed(train.seed, "style") };
  if (style.domains === "source") {
    const stylist = createStylist(look, domains.target, choice);
    return {
      ...augmented,
      source: async (sample, k) => augmented.source(await stylist(sample, k), k),
      restyle: stylist,
      stage: undefined,
      dispose() {
        stylist.dispose();
        disposeLook();
      },
    };
  }
  const path = stageStatisticsIn(folder);
  if (!existsSync(path)) {
    const made = await commonStatistics(look, domains.target, choice);
    writeSafetensors(path, new Map(made.map((part, i) => [String(i), part])));
    dispose(made);
  }
  const common = readStage(config, folder, look);
  return {
    source: (sample, k) => augmented.source(common.stage(sample), k),
    target: (sample, k) => augmented.target(common.stage(sample), k),
    labelledTarget: (sample, k) => augmented.labelledTarget(common.stage(sample), k),
    restyle: async (sample) => common.stage(sample),
    stage: common.stage,
    dispose() {
      common.dispose();
      disposeLook();
    },
  };
}

/** Only the coarse stage, for whole images at their own size. A trained coder is saved in `folder`. */
export async function openRestyling(
  config: Config,
  domains: Domains,
  folder: string,
  listener: Listener,
): Promise<{ readonly restyle: Transform; dispose(): void }> {
  const { style, train } = config;
  const { look, dispose: disposeLook } = await openLook(config, domains, listener, folder);
  const choice = { ...style, size: undefined, seed: streamSeed(train.seed, "style") };
  if (style.domains === "source") {
    const stylist = createStylist(look, domains.target, choice);
    return {
      restyle: stylist,
      dispose() {
        stylist.dispose();
        disposeLook();
      },
    };
  }
  const statistics = await commonStatistics(look, domains.target, choice);
  return {
    restyle: async (sample) => restyle(look, sample, statistics, style.alpha),
    dispose() {
      dispose(statistics);
      disposeLook();
    },
  };
}

/** The path of the common statistics of a stage for both domains. */
export const stageStatisticsIn = (folder: string): string => join(folder, "style.safetensors");

interface Look {
  readonly look: Style;
  dispose(): void;
}

const adainBy = (coder: Coder, { style, train }: Config): Look => ({
  look: adain(coder, {
    precision: train.precision,
    residual: style.residual ?? (coder.kind !== "vgg" || coder.width < 1),
  }),
  dispose: () => dispose(coder.parameters.all),
});

/** The style of a configuration. The coder of adain is loaded or trained, and saved in `folder` if given. */
export async function openLook(
  config: Config,
  domains: Domains,
  listener: Listener,
  folder?: string,
): Promise<Look> {
  const { style } = config;
  if (style.method === "none") throw new Error("style.method none has no look");
  if (style.method === "adain") {
    return adainBy(await openCoder(config, domains, listener, folder), config);
  }
  return { look: styleOf(style.method, style), dispose: () => {} };
}

/** The metadata of a checkpoint about the coarse stage that its network was trained with. */
export function stageRecord({ style }: Config, folder: string): StageRecord {
  const settings = settingsOf(style);
  const { method, domains } = settings;
  if (method === "none" || domains === "source") return settings;
  return { ...settings, digest: digestOf(method, folder) };
}

/** The settings that change predictions, of a coarse stage for both domains; else what describes it. */
function settingsOf({ method, domains, alpha, beta, residual }: Config["style"]): StageRecord {
  if (method === "none") return { method };
  if (domains === "source") return { method, domains, alpha };
  return {
    ...{ method, domains, alpha },
    ...(method === "fourier" && { beta }),
    ...(method === "adain" && { residual: residual ?? null }),
  };
}

/** Whether two records have the same settings; those of old checkpoints are fewer. */
function agree(recorded: StageRecord, asked: StageRecord): boolean {
  const keys = Object.keys(asked) as (keyof StageRecord)[];
  return keys.every((key) => !(key in recorded) || recorded[key] === asked[key]);
}

/** A record in the words of a configuration. */
function described({ method, digest: _, ...settings }: StageRecord): string {
  if (method === "none") return "no coarse stage";
  const all = Object.entries({ method, ...settings });
  return all.map(([key, value]) => `style.${key} ${value ?? "unset"}`).join(", ");
}

function digestOf(method: string, folder: string): string {
  const files = [stageStatisticsIn(folder), ...(method === "adain" ? [coderIn(folder)] : [])];
  const hash = createHash("sha256");
  for (const file of files) hash.update(readFileSync(file));
  return hash.digest("hex").slice(0, 16);
}

/**
 * Opens the coarse stage that a run's predictions need, if any, from its folder.
 * @param recorded the checkpoint's metadata about it; undefined in older checkpoints
 * @throws UserError if a part of it is missing, or does not match the checkpoint
 */
export function openStage(
  config: Config,
  folder: string,
  recorded?: StageRecord,
): { readonly stage: Stage | undefined; dispose(): void } {
  const { method, domains } = config.style;
  if (method === "none") return { stage: undefined, dispose: () => {} }; // the user's choice
  const without = "--set style.method=none predicts without the stage";
  const asked = settingsOf(config.style);
  if (recorded && !agree(recorded, asked)) {
    throw new UserError(
      "checkpoint-mismatch",
      `the network was trained with ${described(recorded)}, but the configuration has ` +
        `${described(asked)}; restore the run's own settings, or ${without}`,
    );
  }
  if (domains === "source") return { stage: undefined, dispose: () => {} };
  const needed = [stageStatisticsIn(folder), ...(method === "adain" ? [coderIn(folder)] : [])];
  const missing = needed.find((file) => !existsSync(file));
  if (missing !== undefined) {
    throw new UserError(
      "not-found",
      `the network was trained with a coarse stage (style.method: ${method}, for both domains), but ` +
        `${missing} is missing; ${without}`,
    );
  }
  if (recorded?.digest !== undefined && recorded.digest !== digestOf(method, folder)) {
    throw new UserError(
      "checkpoint-mismatch",
      `${needed.join(" and ")}: this is not the coarse stage that the network was trained with (its checkpoint ` +
        `has another digest); restore the run's own, or ${without}`,
    );
  }
  const { look, dispose: disposeLook } =
    method === "adain"
      ? adainBy(loadCoder(coderIn(folder), takeDevice(config)), config)
      : { look: styleOf(method, config.style), dispose: () => {} };
  const { stage, dispose: disposeStatistics } = readStage(config, folder, look);
  return {
    stage,
    dispose() {
      disposeStatistics();
      disposeLook();
    },
  };
}

function readStage({ style: { alpha } }: Config, folder: string, look: Style) {
  const { tensors } = readSafetensors(stageStatisticsIn(folder));
  const { device = "cpu" } = look;
  const statistics = Array.from(tensors, (_, i) =>
    (tensors.get(String(i)) as Tensor).to({ device }),
  );
  dispose(tensors);
  return {
    stage: ((sample) => restyle(look, sample, statistics, alpha)) satisfies Stage,
    dispose: () => dispose(statistics),
  };
}
