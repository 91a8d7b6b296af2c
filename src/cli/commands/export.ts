import { classSetOf } from "../../datasets/class-sets.js";
import { UserError } from "../../errors.js";
import { openRun, type TrainedRun } from "../../experiment/open-run.js";
import { compare } from "../../export/compare.js";
import { type ModelInfo, type OnnxOptions, onnxModel } from "../../export/index.js";
import { writeAtomically } from "../../write-atomically.js";
import { type Json, print } from "../terminal/print.js";

export interface ExportOptions {
  readonly out: string;
  readonly argmax?: boolean;
  readonly upsample: boolean;
  readonly float16?: boolean;
  readonly int8?: boolean;
  readonly json?: Json;
  readonly set: readonly string[];
}

/** `cfcontra export`. */
export async function exportRun(path: string, options: ExportOptions): Promise<void> {
  const { out, argmax, upsample, float16, int8 } = options;
  if (float16 && int8) throw new UserError("--float16 and --int8 exclude each other: name one");
  if (argmax && !upsample) {
    throw new UserError(
      "--argmax and --no-upsample exclude each other: coarse labels are of no use",
    );
  }
  const run = openRun(path, options.set);
  try {
    const how: OnnxOptions = {
      outputs: argmax ? "labels" : "logits",
      storage: int8 ? "int8" : float16 ? "float16" : "float32",
      upsample,
    };
    const model = exported(path, run, how);
    const agreement = await compare(model, run.network);
    writeAtomically(out, model);
    const { classes } = run.info;
    print(
      `${out}: ${(model.length / 1e6).toFixed(1)} MB, ${classes.length} classes; on a test image ` +
        `ONNX Runtime and libtorch agree in ${(100 * agreement).toFixed(2)} % of the pixels`,
      () => ({ file: out, bytes: model.length, ...how, classes, agreement }),
      options.json,
    );
  } finally {
    run.dispose();
  }
}

/**
 * The network of a run as an ONNX model.
 * @throws UserError if the run restyles the images that it predicts
 */
export function exported(path: string, run: TrainedRun, options: OnnxOptions): Uint8Array {
  const { config, info, network, stage } = run;
  if (stage !== undefined) {
    throw new UserError(
      `${path} restyles what it predicts (style.method: ${config.style.method}, style.domains: both), ` +
        "and that is no part of a network; --set style.method=none exports the network alone, for " +
        "images that are restyled before",
    );
  }
  const { names, colors } = classSetOf(info.classes);
  const described: ModelInfo = {
    classes: names.map((name, i) => ({
      name,
      color: colors[i] as ModelInfo["classes"][0]["color"],
    })),
    input: network.input,
    size: config.sizes.evaluate,
    title: `${info.method}, step ${info.step}`,
  };
  return onnxModel(network, described, options);
}
