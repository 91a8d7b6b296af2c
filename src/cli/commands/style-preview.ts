import { Command } from "commander";
import type { Dataset, Sample, Size } from "../../datasets/dataset.js";
import { UserError } from "../../errors.js";
import type { Config, Listener } from "../../experiment/index.js";
import { nearestWord } from "../../nearest-word.js";
import { writeRgb } from "../../report/pictures.js";
import { textTable } from "../../report/score-table.js";
import { type StyleRow, styleSheet } from "../../report/style-sheet.js";
import { requireWritable } from "../../write-atomically.js";
import { dataOption, setOption, whole } from "../options.js";
import { listening } from "../terminal/listener.js";
import { type Json, jsonOption, print } from "../terminal/print.js";

export const command = () =>
  new Command("preview")
    .description("draw content, style, and the results of every method with increasing strength")
    .argument("<preset>", "preset or YAML file: its source is the content, its target the style")
    .option("--styles <styles>", "color, coral, fourier, histogram, adain; all when omitted")
    .option("--count <n>", "content images", whole("--count"), 3)
    .option("--out <file>", "where to write the sheet (PNG)", "style-preview.png")
    .addOption(jsonOption())
    .addOption(setOption())
    .addOption(dataOption())
    .addHelpText(
      "after",
      `
Prints how well edges are preserved: the correlation of the edges of result and content, 1 at best.
adain trains a small coder first (under a minute), unless style.coder names a file.

Examples:
  cfcontra style preview streets
  cfcontra style preview airsim-camvid --data ~/data --styles color,adain --set style.coder=coder.safetensors`,
    )
    .action(preview);

interface StylePreviewOptions {
  readonly out: string;
  /** Names separated by commas. */
  readonly styles?: string;
  readonly count: number;
  readonly json?: Json;
  readonly set: readonly string[];
  readonly data: string;
}

type StyleMethod = Config["style"]["method"];
const ALPHAS = [0.25, 0.5, 0.75, 1];

/** Draws content, style and results with increasing alpha for every method. */
async function preview(preset: string, options: StylePreviewOptions): Promise<void> {
  await listening((listener) => draw(preset, options, listener));
}

async function draw(
  preset: string,
  options: StylePreviewOptions,
  listener: Listener,
): Promise<void> {
  const { configuration, openDomains, openLook, withAbsoluteRoots } = await import(
    "../../experiment/index.js"
  );
  const { edgeCorrelation, lookAt, restyle, STYLES } = await import("../../style/index.js");
  const { dispose } = await import("../../torch/index.js");
  const { out, count, json, set, data } = options;
  const idle = set.find(
    (one) => /^style\./.test(one) && !/^style\.(coder|training|domains|beta|residual)\b/.test(one),
  );
  if (idle !== undefined) {
    throw new UserError(
      "conflicting-options",
      `--set ${idle}: the sheet compares methods (--styles) at four values of alpha, with one style image each; it ` +
        "reads only coder, training, domains, beta and residual of style",
    );
  }
  const config = withAbsoluteRoots(configuration({ preset, set }), data);
  const methods = chosen(options.styles, [...STYLES, "adain"]);
  requireWritable(out);
  const domains = await openDomains({ ...config, evaluate: {} }, listener);
  const size = config.sizes.source;
  if (count < 1) throw new UserError("invalid-value", "--count 0: expected at least one image");
  const shown = Math.min(count, domains.source.names.length);
  const pairs = await Promise.all(
    Array.from({ length: shown }, async (_, i) => ({
      content: await evenly(domains.source, i, shown, size),
      style: await evenly(domains.target, i, shown, size),
    })),
  );
  const groups: StyleRow[][] = pairs.map(() => []);
  const edges: Record<string, number[]> = {};
  for (const method of methods) {
    const chosen = { ...config, style: { ...config.style, method } };
    const { look, dispose: disposeLook } = await openLook(chosen, domains, listener);
    const kept = ALPHAS.map(() => 0);
    for (const [i, { content, style }] of pairs.entries()) {
      const statistics = lookAt(look, style);
      const made = ALPHAS.map((alpha) => restyle(look, content, statistics, alpha));
      dispose(statistics);
      const correlations = made.map((picture) => edgeCorrelation(content, picture));
      for (const [a, value] of correlations.entries()) kept[a] = (kept[a] as number) + value;
      const note = `edges ${(correlations.at(-1) as number).toFixed(2)}`;
      groups[i]?.push({ method, note, pictures: [content, style, ...made] });
    }
    edges[method] = kept.map((sum) => sum / pairs.length);
    disposeLook();
  }
  const titles = ["content", "style", ...ALPHAS.map((alpha) => `alpha ${alpha}`)];
  const sheet = await styleSheet(titles, groups, size);
  await writeRgb(out, sheet.rgb, sheet.size);
  const table = textTable([
    ["method", ...ALPHAS.map((alpha) => `alpha ${alpha}`)],
    ...methods.map((method) => [method, ...(edges[method] ?? []).map((mean) => mean.toFixed(3))]),
  ]);
  print(
    `edge correlation of result and content, mean of ${pairs.length}:\n${table}\n\ncontact sheet: ${out}`,
    () => ({ sheet: out, images: pairs.length, alphas: ALPHAS, edges }),
    json,
  );
}

function chosen(names: string | undefined, known: readonly StyleMethod[]): readonly StyleMethod[] {
  if (names === undefined) return known;
  return names.split(",").map((name) => {
    const found = known.find((method) => method === name.trim());
    if (found !== undefined) return found;
    const near = nearestWord(name, known);
    throw new UserError(
      "unknown-name",
      `--styles ${names}: ${name} is not one of ${known.join(", ")}${near ? `; did you mean ${near}?` : ""}`,
    );
  });
}

/** Sample i of `count` that are spread over a data set. */
function evenly({ names, load }: Dataset, i: number, count: number, size: Size): Promise<Sample> {
  return load(Math.floor((i * names.length) / count), size);
}
