import { existsSync } from "node:fs";
import { Command } from "commander";
import { UserError } from "../../errors.js";
import { dataOption, setOption } from "../options.js";
import { listening } from "../terminal/listener.js";
import { type Json, jsonOption, print } from "../terminal/print.js";

export const command = () =>
  new Command("train")
    .description("train encoder and decoder of AdaIN on the two domains' own images")
    .argument("<preset>", "preset or YAML file: its source is the content, its target the style")
    .option("--out <file>", "where to write the coder", "coder.safetensors")
    .option("--encoder <file>", "vgg_normalised.pth: train a decoder for it, as published")
    .addOption(jsonOption())
    .addOption(setOption())
    .addOption(dataOption())
    .addHelpText(
      "after",
      `
Without --encoder: a VGG-19 shape of a quarter of its width learns to reproduce the images, then the
decoder learns by the losses of AdaIN; under a minute on two cores. With --encoder: 160,000 steps on
crops of 256, for a GPU. Keys of style.training change either (docs/style.md).

Examples:
  cfcontra style train streets --out streets-coder.safetensors
  cfcontra style train gta5-cityscapes --data ~/data --encoder vgg_normalised.pth --set train.device=cuda`,
    )
    .action(train);

interface StyleTrainOptions {
  readonly out: string;
  readonly encoder?: string;
  readonly json?: Json;
  readonly set: readonly string[];
  readonly data: string;
}

/** Trains a coder for the two domains of a preset. */
async function train(preset: string, options: StyleTrainOptions): Promise<void> {
  const { out, encoder, json, set, data } = options;
  if (existsSync(out))
    throw new UserError("already-exists", `${out} already exists: choose another file with --out`);
  const { configuration, findCoder, openDomains, withAbsoluteRoots } = await import(
    "../../experiment/index.js"
  );
  const { dispose } = await import("../../torch/index.js");
  const config = withAbsoluteRoots(configuration({ preset, set }), data);
  const style = {
    ...config.style,
    method: "adain" as const,
    coder: encoder === undefined ? undefined : { encoder },
  };
  const coder = await listening(async (listener) => {
    const domains = await openDomains({ ...config, evaluate: {} }, listener);
    return findCoder({ ...config, style }, domains, listener, out);
  });
  const { width } = coder;
  dispose(coder.parameters.all);
  print(
    `coder: ${out} (width ${width} of VGG-19)\nuse it with: --set style.method=adain --set style.coder=${out}`,
    () => ({ coder: out, width }),
    json,
  );
}
