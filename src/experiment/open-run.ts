import type { Color, Size } from "../datasets/dataset.js";
import { readImage } from "../datasets/files/images.js";
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
import type { Changes } from "./presets.js";

/** How a run is measured. */
export interface EvaluationOptions extends Omit<Protocol, "observe"> {
  /** Only this evaluation set of the configuration. */
  readonly on?: string | undefined;
  /** Also mIoU over these classes, by index. */
  readonly subset?: readonly number[] | undefined;
  /** Also writes the scores and pictures of single images into the run folder (docs/run-folder.md). */
  readonly keep?: boolean | undefined;
}

/** An image at its own size with its labels. */
export interface PredictedImage extends Size {
  /** RGB, [height * width * 3]. */
  readonly image: Uint8Array;
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
  /** Labels an image file at its own size. */
  predict(path: string): Promise<PredictedImage>;
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
    async evaluate({ on, subset, keep = false, ...protocol } = {}) {
      const sets = await openEvaluationSets(config, listener);
      if (on !== undefined && !sets.has(on)) {
        throw new UserError(
          "unknown-name",
          `there is no evaluation set ${on}: the run has ${[...sets.keys()].join(", ")}`,
        );
      }
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
            ...protocol,
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
        keeper?.release();
      }
    },
    async predict(file) {
      compiled ??= compileNetwork(network, config.train.precision);
      const seen = await readImage(file, config.sizes.evaluate);
      const sample = { name: file, width: seen.width, height: seen.height, image: seen.data };
      const labels = predictLabels(compiled, sample, seen.original, { stage });
      const { data: image } = await readImage(file, seen.original);
      return { ...seen.original, image, labels };
    },
    exportOnnx: (options = {}) => exported(path, trained, options),
    dispose() {
      compiled?.dispose();
      trained.dispose();
    },
  };
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
