import { stringify } from "yaml";
import { quoted } from "../../quoted.js";
import { confusionSvg } from "../confusion-picture.js";
import { MARKS_IN_WORDS } from "../domain-marks.js";
import type { RunFiles } from "../run-files.js";
import { escapeXml } from "../xml.js";
import { imageSection } from "./image-section.js";
import { facts, page, preformatted, scrolling, section } from "./page.js";
import { styleSamples } from "./picture-tables.js";
import { classKey, cosineMatrix, scatter } from "./plots.js";
import type { Reference } from "./reference.js";
import {
  classBars,
  headline,
  predictedClasses,
  scoreChart,
  smallCharts,
  snapshotSentences,
} from "./scores.js";

/** `report.html`: a run on one page that loads nothing else. */
export async function runPage(run: RunFiles, reference?: Reference): Promise<string> {
  const { name, result, sets, confusion, prototypes, features, classes } = run;
  const [target] = sets as [string];
  const body = [
    `<header><h1>${escapeXml(name)}</h1><p class="lede">${lede(run)}</p>${noteList(run.notes)}</header>`,
    section(
      "Scores",
      "Of the last snapshot. mIoU is the mean over the classes that occur in the labels.",
      result
        ? headline(run, reference) + referenceNote(run, reference) + snapshotSentences(run)
        : "",
    ),
    section(
      "Scores over training",
      "mIoU at each evaluation, and below it the logged losses: thin lines are logged steps, thick lines a running mean. Triangles mark notes.",
      scoreChart(run, reference) + predictedClasses(run) + smallCharts(run),
    ),
    section(
      "Classes",
      `IoU on ${escapeXml(target)}, %${reference ? `, and the difference to ${escapeXml(reference.name)}` : ""}.`,
      classBars(run, reference),
    ),
    section(
      "Pictures",
      `Images of ${escapeXml(target)}. Entropy is black where the network is certain and white where it is undecided. Error shows wrong pixels in the colour of the predicted class.`,
      await imageSection(run, reference),
    ),
    section(
      "Confusion",
      `Predictions for the pixels of each class on ${escapeXml(target)}.`,
      confusion?.sets[target] ? confusionSection(confusion.sets[target], classes.names) : "",
    ),
    section(
      "Prototypes",
      "Cosines between the classes' prototypes. Alignment should raise the diagonal across domains; contrast should lower the rest.",
      prototypeSection(prototypes.at(-1), classes.names),
    ),
    section(
      "Features",
      `Features of labelled pixels, mapped to two dimensions by UMAP. ${MARKS_IN_WORDS}; colours: classes. Distances between far groups mean little.`,
      features ? featureSection(features, classes, reference) : "",
    ),
    section("Style", "Source images before and after the coarse stage.", await styleSamples(run)),
    section(
      "Settings",
      "The most important keys. The whole configuration, which repeats the run, is below.",
      settings(run),
    ),
    section("Environment", "The machine, and the commands.", environmentSection(run)),
  ];
  return page(`${name} · cfcontra`, body.join("\n"));
}

const MOST_NOTES = 20;

/** What the training reported, with the step. */
function noteList(notes: RunFiles["notes"]): string {
  if (notes.length === 0) return "";
  const items = notes
    .slice(0, MOST_NOTES)
    .map(
      ({ step, level, text }) =>
        `<li class="${level}"><b>${level}, step ${step}</b> ${escapeXml(text)}</li>`,
    );
  const left = notes.length - items.length;
  if (left > 0) items.push(`<li>${left} more in notes.jsonl</li>`);
  return `<ul class="notes">${items.join("")}</ul>`;
}

/** What the gain is over, and what else differs. */
function referenceNote({ config }: RunFiles, reference: Reference | undefined): string {
  const note = (words: string) => `<p class="note">${words}</p>`;
  if (!reference) {
    return config.method === "source-only"
      ? ""
      : note(
          "No matching source-only run (equal settings and seed) and no pretraining, so no gain.",
        );
  }
  const { run, name, differing } = reference;
  const which = name === run.name ? "" : `Compared to ${escapeXml(run.name)}. `;
  const apart =
    differing.length > 0 ? `It also differs in ${escapeXml(differing.join(", "))}.` : "";
  return which + apart === "" ? "" : note(which + apart);
}

function lede({ config, status, result, sets }: RunFiles): string {
  const { method, train = {} } = config ?? {};
  const few = config?.labelledTarget;
  const labels = few ? ` with labels of ${named(few)}` : "";
  const data = `${named(config?.source)} to ${named(config?.target)}${labels}`;
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
    ...{ paper: "var(--paper)", ink: "var(--ink)", faint: "var(--muted)" },
    ...{ hit: "var(--good)", miss: "var(--bad)" },
  };
  return scrolling("Confusion matrix", confusionSvg(counts, classes, style));
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
    return `<figure>${cosineMatrix(last[which], classes, caption)}<figcaption>${caption}</figcaption></figure>`;
  });
  const note = `<p class="note">At step ${last.step}. Full colour: cosine 1. No colour: cosine 0, or a class that was never seen. Second colour: below 0.</p>`;
  return `<div class="plots">${figures.join("")}</div>${note}`;
}

function featureSection(
  { before, after }: NonNullable<RunFiles["features"]>,
  { names, colors }: RunFiles["classes"],
  reference: Reference | undefined,
): string {
  const figures = [
    ...(before ? [[before, `before adaptation: ${reference?.name ?? "baseline"}`] as const] : []),
    [after, before ? "after adaptation: this run" : "this run"] as const,
  ].map(
    ([points, caption]) =>
      `<figure>${scatter(points, colors, names, caption)}<figcaption>${escapeXml(caption)}</figcaption></figure>`,
  );
  return `${classKey(names, colors)}<div class="plots">${figures.join("")}</div>`;
}

const heading = (words: string): string => `<h3 style="margin-top:22px">${escapeXml(words)}</h3>`;

function settings({ config, yaml }: RunFiles): string {
  const { method, network = {}, train = {}, sizes = {}, style = {}, options = {} } = config ?? {};
  // Another version may have written the configuration: keys may be missing.
  const known = (value: unknown) => String(value ?? "-");
  const size = (one?: { width: number; height: number }) =>
    one ? `${one.width} x ${one.height}` : "-";
  const few = config?.labelledTarget;
  const batches = [train.batch, train.batch, ...(few ? [`${known(train.batch)} labelled`] : [])];
  const left = facts([
    ["method", known(method)],
    [
      "backbone",
      `${known(network.backbone)}, width ${known(network.width)}, head ${known(network.head)}`,
    ],
    ["steps", `${known(train.steps)}, batch ${batches.map(known).join(" + ")}`],
    ["rate", `${known(train.rate)}, heads x ${known(train.headRate)}`],
    ["precision", known(train.precision)],
  ]);
  const right = facts([
    ["seed", known(train.seed)],
    ["source", size(sizes.source)],
    ["target", size(sizes.target)],
    ["evaluation", `${size(sizes.evaluate)}, compared at ${size(sizes.output ?? sizes.evaluate)}`],
    ...(few ? [["weight of labels", known(few.weight)] as const] : []),
    ["coarse stage", known(style.method ?? "none")],
  ]);
  const own = options[method];
  const chosen = own
    ? heading(`options.${method}`) +
      preformatted(`options.${method}`, stringify(own).trim(), ' class="columns"')
    : "";
  return `<div class="facts">${left}${right}</div>${chosen}<details><summary>config.yaml</summary>${preformatted("config.yaml", yaml.trim())}</details>`;
}

/** The GPU of a run, as rows of a table; empty on the CPU. */
function gpuFacts({ environment, result }: RunFiles): [string, string][] {
  const { gpu } = environment ?? {};
  if (gpu === undefined) return [];
  const { name = "unknown", memoryGiB, driver = "unknown", cuda, cudnn = "none" } = gpu;
  const arithmetic = `TF32 ${gpu.tf32 ? "on" : "off"}${gpu.deterministic ? ", deterministic" : ""}`;
  const used = result?.gpuMemory;
  return [
    ["GPU", memoryGiB === undefined ? name : `${name}, ${memoryGiB} GiB`],
    ["driver", `${driver}, CUDA ${cuda}, cuDNN ${cudnn}`],
    ["arithmetic", arithmetic],
    ...(used ? [["GPU memory", `${used.peak} MiB at peak, ${used.reserved} MiB reserved`]] : []),
  ] as [string, string][];
}

function environmentSection(run: RunFiles): string {
  const { path, environment, status } = run;
  const again = `cfcontra train --preset ${quoted(`${path}/config.yaml`)} --out ${quoted(`${path}-again`)}`;
  const repeat = heading("Repeat") + preformatted("Repeat", again);
  if (!environment) return repeat;
  const { command, node, libtorch, platform, processor, threads, memoryGiB, device } = environment;
  const left = facts([
    ["processor", processor],
    ["threads", `${threads} (libtorch)`],
    ["memory", `${memoryGiB} GiB`],
    ["device", device],
    ...gpuFacts(run),
  ]);
  const right = facts([
    ["libtorch", libtorch],
    ["Node", node],
    ["platform", platform],
    ["started", status?.started.replace("T", " ").slice(0, 16) ?? "-"],
  ]);
  return `<div class="facts">${left}${right}</div>${heading("Command")}${preformatted("Command", command)}${repeat}`;
}
