import { Command } from "commander";
import { UserError } from "../../errors.js";
import { findOnnxRuntime, install } from "../../export/onnx-runtime.js";
import { requireWritable, writeAtomically } from "../../write-atomically.js";
import { setOption, weightsPresetOption } from "../options.js";
import { type Json, jsonOption, print } from "../terminal/print.js";

export const command = () =>
  new Command("export")
    .description("write a trained network as an ONNX file, for use without libtorch")
    .argument("<run>", "run folder, a checkpoint inside one, or with --preset a file of weights")
    .option("--out <file>", "the ONNX file", "model.onnx")
    .option("--argmax", "give labels instead of logits")
    .option("--no-upsample", "give logits at the network's own size, a fraction of the image's")
    .option("--float16", "keep weights in 16 bits: half the file, the same arithmetic")
    .option("--int8", "keep weights in 8 bits: a quarter of the file, the same arithmetic")
    .addOption(jsonOption())
    .addOption(setOption())
    .addOption(weightsPresetOption())
    .addHelpText(
      "after",
      `
The model takes \`image\` float32 [N, 3, H, W] of any size and gives \`logits\` [N, classes, H, W] or
\`labels\` uint8 [N, H, W]; classes and preprocessing are in its metadata (docs/deploy.md).

Examples:
  cfcontra export runs/streets-cfcontra-1 --out model.onnx
  cfcontra export runs/streets-cfcontra-1 --out small.onnx --argmax --int8
  cfcontra export advent.pth --preset gta5-cityscapes --out advent.onnx`,
    )
    .action(exportOnnx);

interface ExportOptions {
  readonly out: string;
  readonly argmax?: boolean;
  readonly upsample: boolean;
  readonly float16?: boolean;
  readonly int8?: boolean;
  readonly json?: Json;
  readonly set: readonly string[];
  readonly preset?: string;
}

async function exportOnnx(path: string, options: ExportOptions): Promise<void> {
  const { out, argmax, upsample, float16, int8, set, preset } = options;
  if (float16 && int8)
    throw new UserError(
      "conflicting-options",
      "--float16 and --int8 exclude each other: choose one",
    );
  if (argmax && !upsample) {
    throw new UserError(
      "conflicting-options",
      "--argmax and --no-upsample exclude each other: leave one out",
    );
  }
  const { openRun, openWeights } = await import("../../experiment/index.js");
  const { compare } = await import("../../export/compare.js");
  const run = preset === undefined ? openRun(path, { set }) : openWeights(path, { preset, set });
  try {
    requireWritable(out);
    const how = {
      outputs: argmax ? ("labels" as const) : ("logits" as const),
      storage: int8 ? ("int8" as const) : float16 ? ("float16" as const) : ("float32" as const),
      upsample,
    };
    const model = run.exportOnnx(how);
    const runtime = await findOnnxRuntime();
    const agreement = runtime && (await compare(runtime, model, run.network));
    writeAtomically(out, model);
    const { classes } = run.info;
    print(
      `${out}: ${(model.length / 1e6).toFixed(1)} MB, ${classes.length} classes; ${checked(agreement)}`,
      () => ({ file: out, bytes: model.length, ...how, classes, agreement: agreement ?? null }),
      options.json,
    );
  } finally {
    run.dispose();
  }
}

function checked(agreement: number | undefined): string {
  if (agreement === undefined) {
    return `not compared with libtorch, since onnxruntime-node is not installed (${install("onnxruntime-node")})`;
  }
  const percent = (100 * agreement).toFixed(2);
  return `on a test image ONNX Runtime and libtorch agree in ${percent} % of the pixels`;
}
