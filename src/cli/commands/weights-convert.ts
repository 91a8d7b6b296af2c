import { realpathSync } from "node:fs";
import { Command } from "commander";
import { UserError } from "../../errors.js";
import { type Json, jsonOption, print } from "../terminal/print.js";

export const command = () =>
  new Command("convert")
    .description("write the tensors of a file in another format")
    .argument("<in>", "safetensors or PyTorch's .pth, or a run folder")
    .argument("<out>", "a name that ends in .safetensors, .pth or .pt")
    .addOption(jsonOption())
    .addHelpText(
      "after",
      `
Names, shapes and numbers stay as they are. Of a run's checkpoint the network that is evaluated is written
(its running average under train.ema), under the names of its state dict; torch.load(OUT, weights_only=True) opens it.

Examples:
  cfcontra weights convert advent.pth advent.safetensors
  cfcontra weights convert runs/streets-cfcontra-1 adapted.pth`,
    )
    .action(convert);

async function convert(path: string, out: string, { json }: { readonly json?: Json }) {
  const { dispose, PYTORCH_FILE, readTensors, writeTensors } = await import("../../torch/index.js");
  const { evaluatedOf, infoIn, weightsFile } = await import("../../train/index.js");
  if (!PYTORCH_FILE.test(out) && !out.endsWith(".safetensors")) {
    throw new UserError(
      "unsupported-file",
      `${out}: expected a file name that ends in .safetensors, .pth or .pt`,
    );
  }
  const file = weightsFile(path);
  const { tensors, metadata, skipped } = readTensors(file);
  try {
    const info = infoIn(file, metadata);
    const own = info ? evaluatedOf(tensors, info.average) : tensors;
    if (same(file, out))
      throw new UserError("conflicting-options", `${out} is the input file: choose another`);
    writeTensors(out, own);
    const left = [...skipped, ...(own === tensors ? [] : ["the method's state"])];
    print(
      `${own.size} tensors written to ${out}${left.length > 0 ? `; left out: ${left.join(", ")}` : ""}`,
      () => ({ file: out, tensors: own.size, leftOut: left }),
      json,
    );
  } finally {
    dispose(tensors);
  }
}

function same(a: string, b: string): boolean {
  try {
    return realpathSync(a) === realpathSync(b);
  } catch {
    return false; // `b` is not there yet
  }
}
