import { existsSync } from "node:fs";
import { Command } from "commander";
import { UserError } from "../../errors.js";
import type { Config } from "../../experiment/index.js";
import { dataOption, setOption } from "../options.js";
import { interruptible } from "../terminal/interruption.js";
import { listening } from "../terminal/listener.js";
import { type Json, jsonOption, print } from "../terminal/print.js";

export const command = () =>
  new Command("train")
    .description("train encoder and decoder of AdaIN on the two domains' own images")
    .argument("<preset>", "preset or YAML file: its source is the content, its target the style")
    .option("--out <file>", "where to write the coder", "coder.safetensors")
    .option("--encoder <file>", "vgg_normalised.pth or a MobileNetV2: train a decoder for it")
    .addOption(jsonOption())
    .addOption(setOption())
    .addOption(dataOption())
    .addHelpText(
      "after",
      `
Without --encoder, a VGG-19 shape of a quarter of its width learns to reproduce the images, then the decoder
learns with the losses of AdaIN. With an ImageNet MobileNetV2 (torchvision's names), only the decoder learns.
Both take about a minute on two cores. With vgg_normalised.pth: 160,000 steps on crops of 256, for a GPU.
Ctrl-C ends the training and saves nothing. Keys of style.training change the defaults (docs/style.md). If the
encoder expects other pixels than torchvision's, set style.coder instead of --encoder.

Examples:
  cfcontra style train streets --out streets-coder.safetensors
  cfcontra style train gta5-cityscapes --data ~/data --encoder vgg_normalised.pth --set train.device=cuda
  cfcontra style train streets --set style.coder='{ encoder: mobilenetv2.safetensors, input: tensorflow }'`,
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
  requireNewCoder(config, set, encoder);
  const style = {
    ...config.style,
    method: "adain" as const,
    coder: encoder === undefined ? filesOf(config) : { encoder },
  };
  const coder = await interruptible((signal) =>
    listening(async (listener) => {
      const domains = await openDomains({ ...config, evaluate: {} }, listener);
      return findCoder({ ...config, style }, domains, { ...listener, signal }, out);
    }),
  );
  const { kind, width } = coder;
  dispose(coder.parameters.all);
  const shape = { vgg: "VGG-19", mobilenetv2: "MobileNetV2" }[kind];
  print(
    `coder: ${out} (width ${width} of ${shape})\nuse it with: --set style.method=adain --set style.coder=${out}`,
    () => ({ coder: out, kind, width }),
    json,
  );
}

/** @throws UserError for a coder in `--set` that would not be used */
function requireNewCoder(config: Config, set: readonly string[], encoder?: string): void {
  const isSet = set.some((one) => one.startsWith("style.coder"));
  if (!isSet || config.style.coder === undefined) return;
  const refuse = (why: string) => new UserError("conflicting-options", why);
  if (encoder !== undefined) {
    throw refuse("--encoder and --set style.coder both give the encoder: leave out one of the two");
  }
  if (filesOf(config) === undefined) {
    throw refuse(
      "this command writes a new coder, to --out: style.coder can give only its encoder, { encoder: FILE }",
    );
  }
}

/** The encoder of a configuration, if it gives one without a decoder. */
function filesOf({ style: { coder } }: Config): Config["style"]["coder"] {
  return typeof coder === "object" && coder.decoder === undefined ? coder : undefined;
}
