import { realpathSync } from "node:fs";
import { Command, Option } from "commander";
import { UserError } from "../../errors.js";
import type { Dtype, TensorMap } from "../../torch/index.js";
import { requireNew } from "../new-files.js";
import { type Json, jsonOption, print } from "../terminal/print.js";

export const command = () =>
  new Command("convert")
    .description("write the tensors of a file in another format")
    .argument("<in>", "safetensors or PyTorch's .pth, or a run folder")
    .argument("<out>", "a name that ends in .safetensors, .pth or .pt")
    .addOption(
      new Option(
        "--dtype <type>",
        "element type of the floating-point tensors; theirs when omitted",
      ).choices(["float32", "float16", "bfloat16"]),
    )
    .option("--without <part>", "leave out the tensors of this part, such as head or layer6")
    .addOption(jsonOption())
    .addHelpText(
      "after",
      `
Names and shapes stay as they are, and without --dtype the numbers. Of a run's checkpoint the network that is evaluated is written
(its running average under train.ema), under the names of its state dict; torch.load(OUT, weights_only=True) opens it.

Examples:
  cfcontra weights convert advent.pth advent.safetensors
  cfcontra weights convert runs/streets-cfcontra-1 adapted.pth`,
    )
    .action(convert);

interface ConvertOptions {
  readonly dtype?: Dtype;
  readonly without?: string;
  readonly json?: Json;
}

async function convert(path: string, out: string, options: ConvertOptions) {
  const { dtype, without, json } = options;
  const { dispose, PYTORCH_FILE, readTensors, scope, writeTensors } = await import(
    "../../torch/index.js"
  );
  const { evaluatedOf, infoIn, weightsFile } = await import("../../train/index.js");
  if (!PYTORCH_FILE.test(out) && !out.endsWith(".safetensors")) {
    throw new UserError(
      "unsupported-file",
      `${out}: expected a file name that ends in .safetensors, .pth or .pt`,
    );
  }
  const file = weightsFile(path);
  if (same(file, out))
    throw new UserError("conflicting-options", `${out} is the input file: choose another`);
  requireNew([out], "choose another file name");
  const { tensors, metadata, skipped } = readTensors(file);
  try {
    const info = infoIn(file, metadata);
    const own = info ? evaluatedOf(tensors, info.average) : tensors;
    const chosen = without === undefined ? own : withoutPart(own, without, file);
    scope(() => writeTensors(out, dtype === undefined ? chosen : as(dtype, chosen)));
    const left = [
      ...skipped,
      ...(own === tensors ? [] : ["the method's state"]),
      ...(without === undefined ? [] : [without]),
    ];
    print(
      `${chosen.size} tensors written to ${out}${left.length > 0 ? `; left out: ${left.join(", ")}` : ""}`,
      () => ({ file: out, tensors: chosen.size, leftOut: left }),
      json,
    );
  } finally {
    dispose(tensors);
  }
}

/** Floating-point tensors with another element type; counters and the like as they are. */
const as = (dtype: Dtype, tensors: TensorMap): TensorMap =>
  new Map(
    [...tensors].map(([name, tensor]) => [
      name,
      /^b?float/.test(tensor.dtype) ? tensor.to({ dtype }) : tensor,
    ]),
  );

function withoutPart(tensors: TensorMap, part: string, file: string): TensorMap {
  const rest = [...tensors].filter(([name]) => name !== part && !name.startsWith(`${part}.`));
  if (rest.length < tensors.size) return new Map(rest);
  throw new UserError(
    "not-found",
    `--without ${part}: ${file} does not have tensors whose names begin with ${part}.; ` +
      "`cfcontra weights inspect` lists their names",
  );
}

function same(a: string, b: string): boolean {
  try {
    return realpathSync(a) === realpathSync(b);
  } catch {
    return false; // `b` is not there yet
  }
}
