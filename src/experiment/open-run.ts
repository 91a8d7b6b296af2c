import type { Color, Size } from "../datasets/dataset.js";
import { readImage, resizedRgb } from "../datasets/files/images.js";
import { UserError } from "../errors.js";
import { predictLabels } from "../evaluate/index.js";
import { type ModelInfo, type OnnxOptions, onnxModel } from "../export/index.js";
import { type CompiledNetwork, compileNetwork } from "../network/index.js";
import { type Evaluation, evaluationOf } from "../report/evaluation.js";
import { openEvaluationSets } from "./domains.js";
import { consoleListener, type Listener } from "./listener.js";
import { measure, type Protocol } from "./measure.js";
import { openCheckpoint, requireClasses, type Trained } from "./open-checkpoint.js";
import type { Changes } from "./presets.js";

/** How a run is measured. */
export interface EvaluationOptions extends Omit<Protocol, "observe"> {
  /** Only this evaluation set of the configuration. */
  readonly on?: string | undefined;
  /** Also mIoU over these classes, by index. */
  readonly subset?: readonly number[] | undefined;
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

/** A run that is open for use: its newest network, its configuration and what is done with them. */
export interface OpenRun extends Trained {
  /**
   * Measures the network on labelled images.
   * @throws UserError where a set is unknown, or has other classes than the network
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
 * @throws UserError where there is none, or it does not fit the configuration
 */
export function openRun(
  path: string,
  { listener = consoleListener, ...changes }: Changes & { readonly listener?: Listener } = {},
): OpenRun {
  const trained = openCheckpoint(path, changes);
  const { config, info, network, stage } = trained;
  let compiled: CompiledNetwork | undefined;
  return {
    ...trained,
    async evaluate({ on, subset, ...protocol } = {}) {
      const sets = await openEvaluationSets(config, listener);
      if (on !== undefined && !sets.has(on)) {
        throw new UserError(
          "unknown-name",
          `there is no evaluation set ${on}: the run has ${[...sets.keys()].join(", ")}`,
        );
      }
      const results: Record<string, Evaluation> = {};
      for (const [name, dataset] of sets) {
        if (on !== undefined && name !== on) continue;
        requireClasses(info, name, dataset.classes.names);
        const { observe, conclude } = evaluationOf(info.classes.length);
        const view = { ...protocol, observe };
        results[name] = conclude(await measure(trained, name, dataset, listener, view), subset);
      }
      return results;
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
  const { config, info, classes, network, ema, stage } = trained;
  if (stage !== undefined) {
    throw new UserError(
      "not-supported",
      `${path} restyles what it predicts (style.method: ${config.style.method}, style.domains: both), ` +
        "which is not part of a network; --set style.method=none exports the network alone, for " +
        "images that are restyled before",
    );
  }
  const described: ModelInfo = {
    classes: classes.names.map((name, i) => ({ name, color: classes.colors[i] as Color })),
    input: network.input,
    size: config.sizes.evaluate,
    title: `${info.method}, step ${info.step}${ema === undefined ? "" : ", running average"}`,
  };
  return onnxModel(network, described, options);
}
