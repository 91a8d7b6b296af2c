import { join } from "node:path";
import type { ClassSet } from "../../datasets/dataset.js";
import { writeAtomically, writeDurably } from "../../write-atomically.js";
import { escapeXml } from "../xml.js";
import { brushRle } from "./brush-rle.js";
import type { PredictionFormat, PredictionWriter } from "./format.js";
import { jsonList } from "./json-list.js";

const TASKS = "label-studio.json";
const CONFIG = "label-studio-config.xml";
const FROM = "label";
const TO = "image";

/**
 * Tasks with pre-annotations for Label Studio, as brush labels, and the labelling configuration that they
 * need. Images are addressed in Label Studio's local storage, relative to its document root.
 * https://labelstud.io/guide/predictions
 */
export const labelStudio: PredictionFormat = { files: () => [TASKS, CONFIG], writer };

function writer(out: string, { names, colors }: ClassSet): PredictionWriter {
  const [tasksPath, configPath] = [join(out, TASKS), join(out, CONFIG)];
  const tasks = jsonList();
  return {
    async add({ file }, { labels, width, height }) {
      const result = classesIn(labels, names.length).map((k) => ({
        ...{ id: `class-${k}`, type: "brushlabels", from_name: FROM, to_name: TO },
        ...{ original_width: width, original_height: height, image_rotation: 0 },
        value: { format: "rle", rle: brushRle(labels, k), brushlabels: [names[k]] },
      }));
      const url = `/data/local-files/?d=${file.split("/").map(encodeURIComponent).join("/")}`;
      tasks.add({
        data: { [TO]: url },
        predictions: [{ model_version: "cfcontra", result }],
      });
      return {};
    },
    async finish() {
      const rows = names.map(
        (name, k) =>
          `    <Label value="${escapeXml(name)}" background="${hex(colors[k] ?? [0, 0, 0])}"/>\n`,
      );
      writeAtomically(
        configPath,
        `<View>\n  <Image name="${TO}" value="$${TO}" zoom="true"/>\n` +
          `  <BrushLabels name="${FROM}" toName="${TO}">\n${rows.join("")}  </BrushLabels>\n</View>\n`,
      );
      writeDurably(tasksPath, tasks.parts());
      return [tasksPath, configPath];
    },
    discard: () => {},
  };
}

const hex = (color: readonly number[]): string =>
  `#${color.map((value) => value.toString(16).padStart(2, "0")).join("")}`;

/** The train ids that occur in labels, in order; IGNORE is none. */
function classesIn(labels: Uint8Array, classes: number): number[] {
  const seen = new Set<number>();
  let last = -1;
  for (const label of labels) {
    if (label !== last) seen.add(label);
    last = label;
  }
  return [...seen].filter((k) => k < classes).sort((a, b) => a - b);
}
