import { stringify } from "yaml";
import { confusionSvg } from "../confusion-picture.js";
import type { RunFiles } from "../run-files.js";
import { escapeXml } from "../xml.js";
import { facts, page, section } from "./page.js";
import { pictures, styleSamples } from "./picture-tables.js";
import { classKey, cosineMatrix, scatter } from "./plots.js";
import { classBars, headline, scoreChart, smallCharts, snapshotSentences } from "./scores.js";

/** `report.html`: a run on one page, with nothing to fetch. `baseline` is a source-only sibling. */
export async function runPage(run: RunFiles, baseline?: RunFiles): Promise<string> {
  const { name, result, sets, confusion, prototypes, features, classes } = run;
  const [target] = sets as [string];
  const body = [
    `<header><h1>${escapeXml(name)}</h1><p class="lede">${lede(run)}</p></header>`,
    section(
      "Scores",
      "Of the last snapshot. mIoU is the mean over the classes that occur in the labels.",
      result ? headline(run, baseline) + snapshotSentences(run) : "",
    ),
    section(
      "Scores over training",
      "Scores at each evaluation; below, what the log has: thin lines are single steps, thick ones a running mean.",
      scoreChart(run) + smallCharts(run),
    ),
    section(
      "Classes",
      `IoU on ${escapeXml(target)}, %${baseline ? `, and the difference to source-only (${escapeXml(baseline.name)})` : ""}.`,
      classBars(run, baseline),
    ),
    section(
      "Pictures",
      `Images of ${escapeXml(target)}. Entropy is black where the network is certain and white where it has no idea.`,
      await pictures(run),
    ),
    section(
      "Confusion",
      `What the pixels of each class on ${escapeXml(target)} were taken for.`,
      confusion?.sets[target] ? confusionSection(confusion.sets[target], classes.names) : "",
    ),
    section(
      "Prototypes",
      "Cosines between the classes' prototypes. The diagonal across domains is what alignment should raise; the rest is what contrast should lower.",
      prototypeSection(prototypes.at(-1), classes.names),
    ),
    section(
      "Features",
      "Layer-4 features of labelled pixels, mapped to two dimensions by UMAP. Rings are the source, dots the target; colours are classes. Distances between far groups mean little.",
      features ? featureSection(features, classes) : "",
    ),
    section("Style", "Source images before and after the coarse stage.", await styleSamples(run)),
    section(
      "Settings",
      "The whole configuration is below; it is also what repeats the run.",
      settings(run),
    ),
    section("Environment", "Where it ran, and how to repeat it.", environmentSection(run)),
  ];
  return page(`${name} · cfcontra`, body.join("\n"));
}

function lede({ config, status, result, sets }: RunFiles): string {
  const { method, train = {} } = config ?? {};
  const data = `${named(config?.source)} to ${named(config?.target)}`;
  const state = result
    ? `${result.steps} steps in ${minutes(result.seconds)}`
    : `${status?.state ?? "unfinished"} at step ${status?.step ?? 0} of ${train.steps}`;
  return `<b>${escapeXml(String(method))}</b>, ${escapeXml(data)}, seed ${train.seed}: ${state}; measured on ${escapeXml(sets.join(" and "))}.`;
}

interface DatasetSpec {
  readonly type?: string;
  readonly domain?: string;
  readonly root?: string;
}

const named = (spec: DatasetSpec | undefined): string =>
  [spec?.type === "folder" ? spec.root?.split("/").slice(-2).join("/") : spec?.type, spec?.domain]
    .filter(Boolean)
    .join(" ");

const minutes = (seconds: number): string =>
  seconds < 90
    ? `${seconds.toFixed(0)} s`
    : seconds < 5400
      ? `${(seconds / 60).toFixed(1)} min`
      : `${(seconds / 3600).toFixed(1)} h`;

function confusionSection(
  counts: readonly (readonly number[])[],
  classes: readonly string[],
): string {
  const style = {
    ...{ paper: "var(--paper)", ink: "var(--ink)", faint: "var(--faint)" },
    ...{ hit: "var(--accent)", miss: "var(--other)" },
  };
  return `<div class="scroll">${confusionSvg(counts, classes, style)}</div>`;
}

function prototypeSection(
  last: RunFiles["prototypes"][number] | undefined,
  classes: readonly string[],
): string {
  if (!last) return "";
  const figures = (["source", "target", "across"] as const).map((which) => {
    const caption = {
      source: "within the source's bank",
      target: "within the target's bank",
      across: "source (rows) to target (columns)",
    }[which];
    return `<figure>${cosineMatrix(last[which], classes)}<figcaption>${caption}</figcaption></figure>`;
  });
  const note = `<p class="note">At step ${last.step}. Full colour is a cosine of 1, none is 0 or a class never seen; the other colour is below 0.</p>`;
  return `<div class="plots">${figures.join("")}</div>${note}`;
}

function featureSection(
  { before, after }: NonNullable<RunFiles["features"]>,
  { names, colors }: RunFiles["classes"],
): string {
  const figures = [
    ...(before ? [[before, "before adaptation: source-only"] as const] : []),
    [after, before ? "after adaptation: this run" : "this run"] as const,
  ].map(
    ([points, caption]) =>
      `<figure>${scatter(points, colors, names)}<figcaption>${caption}</figcaption></figure>`,
  );
  return `${classKey(names, colors)}<div class="plots">${figures.join("")}</div>`;
}

function settings({ config, yaml }: RunFiles): string {
  const { method, network = {}, train = {}, sizes = {}, style = {}, options = {} } = config ?? {};
  const size = (one?: { width: number; height: number }) =>
    one ? `${one.width} x ${one.height}` : "-";
  const left = facts([
    ["method", String(method)],
    ["backbone", `${network.backbone}, width ${network.width}, head ${network.head}`],
    ["steps", `${train.steps}, batch ${train.batch} + ${train.batch}`],
    ["rate", `${train.rate}, heads x ${train.headRate}`],
    ["precision", String(train.precision)],
  ]);
  const right = facts([
    ["seed", String(train.seed)],
    ["source", size(sizes.source)],
    ["target", size(sizes.target)],
    ["evaluation", `${size(sizes.evaluate)}, compared at ${size(sizes.output ?? sizes.evaluate)}`],
    ["coarse stage", String(style.method ?? "none")],
  ]);
  const own = options[method];
  const chosen = own
    ? `<h3 style="margin-top:22px">options.${escapeXml(method)}</h3><pre class="columns">${escapeXml(stringify(own).trim())}</pre>`
    : "";
  return `<div class="facts">${left}${right}</div>${chosen}<details><summary>config.yaml</summary><pre>${escapeXml(yaml.trim())}</pre></details>`;
}

function environmentSection({ path, environment, status }: RunFiles): string {
  const repeat = `<h3 style="margin-top:22px">Repeat</h3><pre>cfcontra train --preset ${escapeXml(path)}/config.yaml --out ${escapeXml(path)}-again</pre>`;
  if (!environment) return repeat;
  const { command, node, libtorch, platform, processor, threads, memoryGiB, device } = environment;
  const left = facts([
    ["processor", processor],
    ["threads", `${threads} of libtorch`],
    ["memory", `${memoryGiB} GiB`],
    ["device", device],
  ]);
  const right = facts([
    ["libtorch", libtorch],
    ["Node", node],
    ["platform", platform],
    ["started", status?.started.replace("T", " ").slice(0, 16) ?? "-"],
  ]);
  return `<div class="facts">${left}${right}</div><h3 style="margin-top:22px">Command</h3><pre>${escapeXml(command)}</pre>${repeat}`;
}
