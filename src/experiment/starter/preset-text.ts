import { stringify } from "yaml";
import type { Size } from "../../datasets/dataset.js";
import { printable } from "../../printable.js";
import { type Draft, type DraftSet, type MappingLine, rootIn } from "./draft.js";
import { proposeSize } from "./propose-size.js";

/** What lines with placeholders contain. */
export const FILL_IN = "FILL IN";

/** The text of a preset, in YAML with comments. `data` is the folder that relative roots start from. */
export function presetText({ source, target, evaluate, classes }: Draft, data: string): string {
  const known = typeof classes === "string";
  const list = known ? classes : "*classes";
  const open = source.mapping.filter((line) => line.open).map(({ name }) => name);
  const defined = known
    ? [`classes: ${classes}`]
    : ["classes: &classes", ...classes.map((entry) => classLine(entry, open))];
  const sizes = [source, target, evaluate ?? source].map((set) => imageSize(set));
  const [from, to, on] = sizes.map(proposeSize) as [Size, Size, Size];
  const size = ({ width, height }: Size) => `[${width}, ${height}]`;
  return `${[
    "# Written by `cfcontra init`. All keys: docs/presets.md and docs/datasets.md.",
    `source: ${evaluate ? "" : "&source "}# labelled: ${about(source)}`,
    ...indent(set(source, data, defined)),
    `target: # ${about(target)}; its labels are never read`,
    ...indent(set(target, data, [`classes: ${list}`])),
    "evaluate: # labelled sets to measure on; the first is shown in tables",
    ...(evaluate
      ? [
          `  camera: # ${about(evaluate)}`,
          ...indent(indent(set(evaluate, data, [`classes: ${list}`]))),
        ]
      : [
          "  # Without labels of the target, the source: it shows that nothing broke, not that it helped.",
          "  source: { <<: *source }",
        ]),
    "sizes: # the aspect of the images; time and memory grow with the number of pixels",
    `  source: ${size(from)} # of ${sizeText(source)}`,
    `  target: ${size(to)} # of ${sizeText(target)}`,
    `  evaluate: ${size(on)}`,
    "network: { backbone: resnet18, width: 0.5, init: he } # small, from random weights, for a CPU",
    "augment: { flip: true }",
    "pretrain: { steps: 3000, rate: 0.03 } # on the source, once, shared by all methods",
    "train: { steps: 1000, batch: 2, rate: 0.01, headRate: 1, seed: 1 }",
    "options: # small networks need more than the published weights of the losses",
    "  cfcontra: { contrast: 0.02, pseudoLabels: predictions, sourceImages: 150, targetImages: 60 }",
  ].join("\n")}\n`;
}

const indent = (lines: readonly string[]): string[] => lines.map((line) => `  ${line}`);

/** A value on one line. */
const inline = (value: unknown): string =>
  stringify(value, { collectionStyle: "flow", lineWidth: 0 }).trim();

function classLine(
  { name, color }: Exclude<Draft["classes"], string>[number],
  open: readonly string[],
): string {
  const text = color
    ? `{ name: ${JSON.stringify(name)}, color: [${color.join(", ")}] }`
    : inline(name);
  return `  - ${text}${open.includes(name) ? ` # ${FILL_IN}` : ""}`;
}

function set(
  { spec, unlabelledOpen, mapping, counted, examples }: DraftSet,
  data: string,
  classes: readonly string[],
) {
  const { root, ...options } = spec;
  const entries = Object.entries({ ...options, root: rootIn(data, root) });
  const order = ["type", "root"];
  entries.sort(([a], [b]) => rank(order, a) - rank(order, b));
  const lines = entries.map(([key, value]) => {
    const open = key === "unlabelled" && unlabelledOpen;
    const isPart = key === "labelled" && value === "some";
    const part = isPart ? " # the images that have a label; those without one are left out" : "";
    return `${key}: ${inline(value)}${part}${open ? ` # or the class of pixels without annotation: ${FILL_IN}` : ""}`;
  });
  const shown = examples === undefined ? "" : `; examples: ${printable(examples)}`;
  const comment =
    counted === undefined ? "" : ` # shares of the pixels in ${counted} label files${shown}`;
  return [
    ...lines,
    ...classes,
    ...(mapping.length > 0 ? [`mapping:${comment}`, ...indent(mapping.map(mappingLine))] : []),
  ];
}

const rank = (order: readonly string[], key: string): number =>
  order.includes(key) ? order.indexOf(key) : order.length;

function mappingLine({ key, name, share, open }: MappingLine): string {
  const notes = [
    ...(share === undefined ? [] : [`${(100 * share).toFixed(share < 0.001 ? 3 : 1)} %`]),
    ...(open ? [FILL_IN] : []),
  ];
  return `${inline(/^\d+$/.test(key) ? Number(key) : key)}: ${inline(name)}${notes.length > 0 ? ` # ${notes.join(", ")}` : ""}`;
}

/** The size that most images have. */
export const imageSize = ({ report }: DraftSet): Size =>
  report.sizes[0]?.size ?? { width: 320, height: 180 };

const sizeText = (set: DraftSet): string => `${imageSize(set).width}x${imageSize(set).height}`;

function about(set: DraftSet): string {
  const { images, sizes } = set.report;
  const others = sizes.length > 1 ? ` and ${sizes.length - 1} other sizes` : "";
  return `${images} image${images === 1 ? "" : "s"} of ${sizeText(set)}${others}`;
}
