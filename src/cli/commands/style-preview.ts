import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import type { Dataset, Sample, Size } from "../../datasets/dataset.js";
import { UserError } from "../../errors.js";
import { openDomains, withAbsoluteRoots } from "../../experiment/build.js";
import { openLook } from "../../experiment/coarse-stage.js";
import type { Config } from "../../experiment/config.js";
import { configuration } from "../../experiment/presets.js";
import { nearestWord } from "../../nearest-word.js";
import { writeRgb } from "../../report/pictures.js";
import { textTable } from "../../report/score-table.js";
import { type StyleRow, styleSheet } from "../../report/style-sheet.js";
import { edgeCorrelation, lookAt, restyle, STYLES } from "../../style/index.js";
import { dispose } from "../../torch/index.js";
import { type Json, print } from "../terminal/print.js";

export interface StylePreviewOptions {
  readonly out: string;
  /** Names separated by commas. */
  readonly styles?: string;
  readonly count: number;
  readonly json?: Json;
  readonly set: readonly string[];
  readonly data: string;
}

type MethodName = Config["style"]["method"];
const NAMES: readonly MethodName[] = [...STYLES, "adain"];
const ALPHAS = [0.25, 0.5, 0.75, 1];

/** `cfcontra style preview`: content, style and results at rising alpha, method by method. */
export async function stylePreview(preset: string, options: StylePreviewOptions): Promise<void> {
  const { out, count, json, set, data } = options;
  const config = withAbsoluteRoots(configuration({ preset, set }), data);
  const methods = chosen(options.styles);
  const domains = await openDomains({ ...config, evaluate: {} });
  const size = config.sizes.source;
  const pairs = await Promise.all(
    Array.from({ length: Math.min(count, domains.source.names.length) }, async (_, i) => ({
      content: await evenly(domains.source, i, count, size),
      style: await evenly(domains.target, i, count, size),
    })),
  );
  const groups: StyleRow[][] = pairs.map(() => []);
  const edges: Record<string, number[]> = {};
  for (const method of methods) {
    const chosen = { ...config, style: { ...config.style, method } };
    const { look, dispose: disposeLook } = await openLook(chosen, domains);
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
  mkdirSync(dirname(out), { recursive: true });
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

function chosen(names: string | undefined): readonly MethodName[] {
  if (names === undefined) return NAMES;
  return names.split(",").map((name) => {
    const known = NAMES.find((method) => method === name.trim());
    if (known !== undefined) return known;
    const near = nearestWord(name, NAMES);
    throw new UserError(
      `--styles ${names}: ${name} is none of ${NAMES.join(", ")}${near ? `; did you mean ${near}?` : ""}`,
    );
  });
}

/** Sample i of `count` that are spread over a data set. */
function evenly({ names, load }: Dataset, i: number, count: number, size: Size): Promise<Sample> {
  return load(Math.floor((i * names.length) / count), size);
}
