import { baselineFinder, pretrainedOf, startOf } from "../report/baseline.js";
import type { RunBaseline } from "./api.js";
import { readIou } from "./details.js";
import { type ImageScores, openImageFile } from "./image-scores.js";
import { type Metrics, openMetrics } from "./metrics.js";
import { openPrototypes, type PrototypeLines } from "./prototype-lines.js";
import type { Run } from "./run.js";
import { openRuns, type Runs } from "./runs.js";

/** The runs, and the indices of those that were shown lately. */
export interface Store {
  readonly runs: Runs;
  find(id: string | undefined): Promise<Run | undefined>;
  /** The baseline of a run among the complete runs that are served. */
  baseline(run: Run): Promise<RunBaseline | undefined>;
  /** The runs that a run starts from, if they are served. */
  starts(run: Run): string[];
  /** undefined if the run has no such file. */
  metrics(run: Run): Metrics | undefined;
  prototypes(run: Run): PrototypeLines | undefined;
  /** The scores of single images at the newest evaluation. */
  images(run: Run): Promise<ImageScores | undefined>;
}

/** Runs whose image scores stay in memory. */
const MOST_IMAGE_FILES = 8;

/** Points in memory, 12 bytes each; the index that was not used for longest goes first. */
const MOST_POINTS = 40e6;

export function openStore(folder: string): Store {
  const runs = openRuns(folder);
  const indices = new Map<Run, Metrics>();
  const prototypes = new Map<Run, PrototypeLines>();
  const images = new Map<Run, ReturnType<typeof openImageFile>>();

  function forget(): void {
    for (const run of indices.keys()) if (runs.get(run.id) !== run) indices.delete(run);
    for (const run of prototypes.keys()) if (runs.get(run.id) !== run) prototypes.delete(run);
    let points = [...indices.values()].reduce((sum, index) => sum + index.points, 0);
    for (const [run, index] of indices) {
      if (points <= MOST_POINTS || indices.size === 1) return;
      indices.delete(run);
      points -= index.points;
    }
  }

  return {
    runs,
    async find(id) {
      if (id === undefined) return undefined;
      if (!runs.get(id)) await runs.refresh();
      return runs.get(id);
    },
    starts(run) {
      const folders = [startOf(run.configuration), pretrainedOf(run.configuration)];
      return runs.all().flatMap(({ id, folder }) => (folders.includes(folder) ? id : []));
    },
    async baseline(run) {
      const complete = runs.all().filter(({ summary }) => summary.state === "complete");
      const found = baselineFinder(complete)(run);
      if (!found) return undefined;
      const { id, summary } = found.run;
      const scores = Object.entries(summary.last).map(([set, { value }]) => [set, value] as const);
      const iou = await readIou(found.run);
      return { id, kind: found.kind, miou: Object.fromEntries(scores), iou };
    },
    metrics(run) {
      const path = run.file("metrics.jsonl");
      if (path === undefined) return undefined;
      const index = indices.get(run) ?? openMetrics(path);
      indices.delete(run); // to the end: used last
      indices.set(run, index);
      forget();
      return index;
    },
    prototypes(run) {
      const path = run.file("prototypes.jsonl");
      if (path === undefined) return undefined;
      const lines = prototypes.get(run) ?? openPrototypes(path);
      prototypes.set(run, lines);
      return lines;
    },
    async images(run) {
      const path = run.file("images.jsonl");
      if (path === undefined) return undefined;
      const file = images.get(run) ?? openImageFile(path);
      images.delete(run); // to the end: used last
      images.set(run, file);
      for (const other of images.keys()) if (images.size > MOST_IMAGE_FILES) images.delete(other);
      return file.read();
    },
  };
}
