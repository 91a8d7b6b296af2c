import { existsSync } from "node:fs";
import { join } from "node:path";
import { augmenting } from "../datasets/augment.js";
import type { Dataset } from "../datasets/dataset.js";
import type { Transform } from "../datasets/loader.js";
import { UserError } from "../errors.js";
import type { Stage } from "../evaluate/index.js";
import { commonStatistics, createStylist, restyle, type Style, styleOf } from "../style/index.js";
import { dispose, readSafetensors, type Tensor, writeSafetensors } from "../torch/index.js";
import type { Config } from "./config.js";

/** What happens to images between the files and the network. */
export interface Preparation {
  /** Of training images: the coarse stage, then augmentation. */
  readonly source: Transform;
  readonly target: Transform;
  /** The coarse stage alone, as training images meet it. */
  readonly restyle: Transform;
  /** Of images to predict, where the coarse stage restyles the target too. */
  readonly stage: Stage | undefined;
  dispose(): void;
}

// Streams of random numbers apart from those of the order of images.
const STYLE = 3;
const AUGMENT = { source: 4, target: 5 } as const;

/** The preparation of a run; `folder` keeps what prediction will need of it. */
export async function openPreparation(
  config: Config,
  target: Dataset,
  folder: string,
): Promise<Preparation> {
  const { style, augment, sizes, train } = config;
  const stream = (offset: number) => train.seed * 16 + offset;
  const augmented = {
    source: augmenting(augment, stream(AUGMENT.source)),
    target: augmenting(augment, stream(AUGMENT.target)),
  };
  if (style.method === "none") {
    const restyle: Transform = async (sample) => sample;
    return { ...augmented, restyle, stage: undefined, dispose: () => {} };
  }
  const look = styleOf(style.method, style);
  const choice = { ...style, size: sizes.target, seed: stream(STYLE) };
  if (style.domains === "source") {
    const stylist = createStylist(look, target, choice);
    return {
      ...augmented,
      source: async (sample, k) => augmented.source(await stylist(sample, k), k),
      restyle: stylist,
      stage: undefined,
      dispose: stylist.dispose,
    };
  }
  const path = join(folder, STATISTICS);
  if (!existsSync(path)) {
    const made = await commonStatistics(look, target, choice);
    writeSafetensors(path, new Map(made.map((part, i) => [String(i), part])));
    dispose(made);
  }
  const common = readStage(config, folder, look);
  return {
    source: (sample, k) => augmented.source(common.stage(sample), k),
    target: (sample, k) => augmented.target(common.stage(sample), k),
    restyle: async (sample) => common.stage(sample),
    ...common,
  };
}

const STATISTICS = "style.safetensors";

/** The stage that a run's predictions need, if any, from its folder. */
export function openStage(
  config: Config,
  folder: string,
): { readonly stage: Stage | undefined; dispose(): void } {
  const { method, domains } = config.style;
  if (method === "none" || domains === "source") return { stage: undefined, dispose: () => {} };
  if (!existsSync(join(folder, STATISTICS))) {
    throw new UserError(
      `the network was trained behind a coarse stage (style.method: ${method}, for both domains), but ` +
        `${join(folder, STATISTICS)} is missing; --set style.method=none predicts without the stage`,
    );
  }
  return readStage(config, folder, styleOf(method, config.style));
}

function readStage({ style: { alpha } }: Config, folder: string, look: Style) {
  const { tensors } = readSafetensors(join(folder, STATISTICS));
  const statistics = Array.from(tensors, (_, i) => tensors.get(String(i)) as Tensor);
  return {
    stage: ((sample) => restyle(look, sample, statistics, alpha)) satisfies Stage,
    dispose: () => dispose(tensors),
  };
}
