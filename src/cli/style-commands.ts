import type { Command, Option } from "commander";
import { jsonOption } from "./terminal/print.js";

interface Shared {
  readonly setOption: () => Option;
  readonly dataOption: () => Option;
  readonly whole: (value: string) => number;
}

/** Adds `style train`, `style apply` and `style preview`. */
export function addStyleCommands(program: Command, { setOption, dataOption, whole }: Shared): void {
  const style = program
    .command("style")
    .description("the coarse stage: give source images the look of the target's");
  style
    .command("preview")
    .description("a sheet of pictures: content, style, and every method at rising strength")
    .argument("<preset>", "preset or YAML file: its source is the content, its target the style")
    .option("--styles <styles>", "color, coral, fourier, histogram, adain; all when omitted")
    .option("--count <n>", "content images", whole, 3)
    .option("--out <file>", "where to write the sheet (PNG)", "style-preview.png")
    .addOption(jsonOption())
    .addOption(setOption())
    .addOption(dataOption())
    .addHelpText(
      "after",
      `
Prints how well edges survive: the correlation of the edges of result and content, 1 at best.
adain trains a small coder first (under a minute), unless style.coder names a file.

Examples:
  cfcontra style preview streets
  cfcontra style preview airsim-camvid --data ~/data --styles color,adain --set style.coder=coder.safetensors`,
    )
    .action(async (preset, options) =>
      (await import("./commands/style-preview.js")).stylePreview(preset, options),
    );
  style
    .command("train")
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
    .action(async (preset, options) =>
      (await import("./commands/style-train.js")).styleTrain(preset, options),
    );
  style
    .command("apply")
    .description("write a restyled copy of a data set, in its own layout")
    .argument("<preset>", "preset or YAML file: its target is the style")
    .requiredOption("--out <folder>", "where to write the copy; another than the data set's")
    .option("--set-of <domain>", "what to copy: source, target, or an evaluation set", "source")
    .option("--style <style>", "short for --set style.method=NAME")
    .option("--limit <n>", "only the first images", whole)
    .option("--measure", "also say how well edges survived")
    .addOption(jsonOption())
    .addOption(setOption())
    .addOption(dataOption())
    .addHelpText(
      "after",
      `
Images keep size, name and format; labels are links to the originals. Ctrl-C stops between two images;
the same command goes on from there and skips what is done. The choice of style images depends on
train.seed and the image's place alone.

Examples:
  cfcontra style apply streets --style adain --out restyled/streets
  cfcontra style apply gta5-cityscapes --data ~/data --style adain --out ~/data/gta5-as-cityscapes \\
    --set style.images=4 --set style.coder='{ encoder: vgg_normalised.pth, decoder: decoder.pth }'`,
    )
    .action(async (preset, options) =>
      (await import("./commands/style-apply.js")).styleApply(preset, options),
    );
}
