import { Command } from "commander";
import { UserError } from "../../errors.js";
import type { RestyleResult } from "../../experiment/index.js";
import { quoted } from "../../quoted.js";
import { dataOption, setOption, whole } from "../options.js";
import { interruptible } from "../terminal/interruption.js";
import { listening } from "../terminal/listener.js";
import { type Json, jsonOption, print } from "../terminal/print.js";
import { clock, say } from "../terminal/progress.js";

export const command = () =>
  new Command("apply")
    .description("write a restyled copy of a data set, in its own layout")
    .argument("<preset>", "preset or YAML file: its target is the style")
    .requiredOption("--out <folder>", "where to write the copy; not inside the data set")
    .option(
      "--set-of <domain>",
      "what to copy: source, target, labelledTarget, or an evaluation set",
      "source",
    )
    .option("--style <style>", "short for --set style.method=NAME")
    .option("--limit <n>", "only the first images", whole("--limit"))
    .option("--measure", "also measure how well edges are preserved")
    .addOption(jsonOption())
    .addOption(setOption())
    .addOption(dataOption())
    .addHelpText(
      "after",
      `
Images keep size, name and format; labels are links to the originals. Ctrl-C stops between two images;
repeat the command to continue. The choice of style images depends only on train.seed and
the index of the image.

Examples:
  cfcontra style apply streets --style adain --out restyled/streets
  cfcontra style apply gta5-cityscapes --data ~/data --style adain --out ~/data/gta5-as-cityscapes \\
    --set style.images=4 --set style.coder='{ encoder: vgg_normalised.pth, decoder: decoder.pth }'`,
    )
    .action(apply);

interface StyleApplyOptions {
  readonly out: string;
  readonly setOf: string;
  readonly style?: string;
  readonly limit?: number;
  readonly measure?: boolean;
  readonly json?: Json;
  readonly set: readonly string[];
  readonly data: string;
}

/** Writes a restyled copy of a data set, in its own layout. */
async function apply(preset: string, options: StyleApplyOptions): Promise<void> {
  const { out, setOf, style, limit, measure, json, set: assignments, data } = options;
  const { openExperiment, requireSetOnce } = await import("../../experiment/index.js");
  requireSetOnce(assignments, { "style.method": style });
  const set = style === undefined ? assignments : [`style.method=${style}`, ...assignments];
  const result = await interruptible((signal) =>
    listening((listener) => {
      const experiment = openExperiment(preset, { set, data, listener });
      if (experiment.config.style.method === "none") {
        throw new UserError(
          "conflicting-options",
          `${preset} has style.method none: choose a style with --style, e.g. --style adain`,
        );
      }
      return experiment.restyle({ out, setOf, limit, measure, signal });
    }),
  );
  report(result, json);
}

function report(result: RestyleResult, json: Json | undefined): void {
  const { set, key, out, made, kept, seconds, complete, edges: correlations } = result;
  const sorted = [...correlations].sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.floor(share * (sorted.length - 1))] as number;
  const edges = sorted.length > 0 ? { median: at(0.5), lowest: at(0) } : undefined;
  const found = () => ({ out, set, made, kept, seconds, complete, edges });
  if (!complete) {
    say(`stopped after ${made + kept} images; repeat the command to continue`);
    process.exitCode = 130;
    if (json !== undefined) print("", found, json);
    return;
  }
  const rate = made > 0 ? `, ${(made / seconds).toFixed(1)} images/s` : "";
  const before = kept > 0 ? `, ${kept} already existed` : "";
  const lines = [
    `${set}: ${made} images restyled in ${clock(seconds)}${rate}${before}`,
    ...(edges
      ? [
          `edge correlation with the content: median ${edges.median.toFixed(3)}, ` +
            `lowest ${edges.lowest.toFixed(3)}`,
        ]
      : []),
    `read it with: --set ${key}.root=${quoted(out)} --set style.method=none`,
  ];
  print(lines.join("\n"), found, json);
}
