import type { Color, Size } from "../datasets/dataset.js";
import { readImage, resizedRgb } from "../datasets/files/images.js";
import { UserError } from "../errors.js";
import { type Measurement, predictLabels } from "../evaluate/index.js";
import { type ModelInfo, type OnnxOptions, onnxModel } from "../export/index.js";
import { type CompiledNetwork, compileNetwork } from "../network/index.js";
import { type Evaluation, evaluationOf } from "../report/evaluation.js";
import { openEvaluationSets } from "./domains.js";
import { keepImages } from "./keep-images.js";
import { consoleListener, type Listener } from "./listener.js";
import { measure, type Protocol } from "./measure.js";
import { openCheckpoint, requireClasses, type Trained } from "./open-checkpoint.js";
import { openFile } from "./open-file.js";
import { type Changes, type Choices, configuration } from "./presets.js";
import { requireReadByTrained } from "./unread-settings.js";
import { workersOf } from "./workers.js";

/** Options of `OpenRun.evaluate`. */
export interface EvaluationOptions extends Omit<Protocol, "observe"> {
  /** Only this evaluation set of the configuration. */
  readonly on?: string | undefined;
  /** Also mIoU over these classes, by index. */
  readonly subset?: readonly number[] | undefined;
  /** Also writes the scores and pictures of single images into the run folder (docs/run-folder.md). */
  readonly keep?: boolean | undefined;
}

/** How an image is predicted. */
export interface PredictImageOptions {
  /** Predicts in overlapping tiles of this size, in pixels of `sizes.evaluate`: bounds the memory. */
  readonly tile?: Size | undefined;
}

/** RGB pixels in memory, [height * width * 3]. */
export interface RgbImage extends Size {
  readonly image: Uint8Array;
}

/** An image at its own size with its labels. */
export interface PredictedImage extends RgbImage {
  /** Train ids, [height * width]. */
  readonly labels: Uint8Array;
}

/** An open run: its newest network and configuration, with functions to evaluate, predict and export. */
export interface OpenRun extends Trained {
  /**
   * Evaluates the network on labelled images.
   * @throws UserError if a set is unknown, or has other classes than the network
   */
  evaluate(options?: EvaluationOptions): Promise<Record<string, Evaluation>>;
  /** Labels an image, of a file or in memory, at its own size. */
  predict(image: string | RgbImage, options?: PredictImageOptions): Promise<PredictedImage>;
  /**
   * The network as an ONNX model.
   * @throws UserError if the run restyles the images that it predicts
   */
  exportOnnx(options?: OnnxOptions): Uint8Array;
}

/**
 * Opens the newest checkpoint of a run folder, or the checkpoint file itself. The caller disposes it.
 *
 *     const run = openRun("runs/streets-cfcontra-1");
 *     const { target } = await run.evaluate();
 *     run.dispose();
 *
 * @throws UserError if there is none, or it does not fit the configuration
 */
export function openRun(
  path: string,
  { listener = consoleListener, ...changes }: Changes & { readonly listener?: Listener } = {},
): OpenRun {
  return used(path, openCheckpoint(path, changes), listener);
}

/** Where a file of weights belongs: to which preset, and where its data are. */
export interface OpenWeightsOptions extends Omit<Choices, "seed" | "steps"> {
  /** Where relative data roots start from; the working folder by default. */
  readonly data?: string | undefined;
  readonly listener?: Listener;
}

/**
 * Opens a file of published weights (docs/weights.md) or a checkpoint without its run folder. Network,
 * classes and evaluation sets are a preset's. Only `evaluate` reads the data. The caller disposes it.
 *
 *     const network = openWeights("advent.pth", { preset: "gta5-cityscapes" });
 *     const { labels } = await network.predict("street.jpg");
 *     network.dispose();
 *
 * @throws UserError if the weights do not fit the preset's network and classes
 */
export function openWeights(
  file: string,
  { data, listener = consoleListener, ...choices }: OpenWeightsOptions,
): OpenRun {
  const config = configuration(choices);
  requireReadByTrained("file", config, choices.set);
  return used(file, openFile(file, config, listener), listener, data);
}

/** What is done with a trained network. Its relative data roots start from `base`. */
function used(path: string, trained: Trained, listener: Listener, base?: string): OpenRun {
  const { config, info, network, stage } = trained;
  let compiled: CompiledNetwork | undefined;
  return {
    ...trained,
    async evaluate({ on, subset, keep = false, ...protocol } = {}) {
      const sets = await openEvaluationSets(config, listener, base);
      if (on !== undefined && !sets.has(on)) {
        throw new UserError(
          "unknown-name",
          `the run does not have an evaluation set ${on}; expected one of ${[...sets.keys()].join(", ")}`,
        );
      }
      const train = { ...config.train, device: network.device };
      const workers = workersOf({ train }, (sentence) => listener.note(sentence, "warning"));
      const keeper = keep ? await keepImages(path, trained, sets, listener) : undefined;
      try {
        const results: Record<string, Evaluation> = {};
        const measured: Record<string, Measurement> = {};
        for (const [name, dataset] of sets) {
          if (on !== undefined && name !== on) continue;
          requireClasses(info, name, dataset.classes.names);
          const { observe, conclude } = evaluationOf(info.classes.length);
          const watch = keeper?.watch(name);
          const own = await measure(trained, name, dataset, listener, {
            ...{ ...protocol, workers },
            observe(observation) {
              observe(observation);
              watch?.(observation);
            },
          });
          measured[name] = own;
          results[name] = conclude(own.confusion, subset);
        }
        await keeper?.write(measured);
        return results;
      } finally {
        await workers?.close();
        keeper?.release();
      }
    },
    async predict(given, { tile } = {}) {
      compiled ??= compileNetwork(network, config.train.precision);
      const { sample, size, image } = await seenBy(config.sizes.evaluate, given);
      const labels = predictLabels(compiled, sample, size, { stage, tile });
      return { ...size, image: await image(), labels };
    },
    exportOnnx: (options = {}) => exported(path, trained, options),
    dispose() {
      compiled?.dispose();
      trained.dispose();
    },
  };
}

/** An image at the size that the network sees, its own size, and its pixels at that. */
async function seenBy(input: Size, given: string | RgbImage) {
  if (typeof given === "string") {
    const { data, original, ...size } = await readImage(given, input);
    const image = async () => (await readImage(given, original)).data;
    return { sample: { name: given, ...size, image: data }, size: original, image };
  }
  const { width, height, image } = given;
  const data = await resizedRgb(image, given, input);
  const sample = { name: "image", ...input, image: data };
  return { sample, size: { width, height }, image: async () => image };
}

function exported(path: string, trained: Trained, options: OnnxOptions): Uint8Array {
  const { config, info, name, classes, network, ema, stage } = trained;
  if (stage !== undefined) {
    throw new UserError(
      "not-supported",
      `${path} restyles images before prediction (style.method: ${config.style.method}, style.domains: both), ` +
        "which cannot be exported; --set style.method=none exports only the network, for images that " +
        "are already restyled",
    );
  }
  const described: ModelInfo = {
    classes: classes.names.map((name, i) => ({ name, color: classes.colors[i] as Color })),
    input: network.input,
    size: config.sizes.evaluate,
    title: [
      name,
      ...(info.step === undefined ? [] : [`step ${info.step}`]),
      ...(ema === undefined ? [] : ["running average"]),
    ].join(", "),
  };
  return onnxModel(network, described, options);
}
