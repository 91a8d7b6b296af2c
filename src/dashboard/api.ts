// What the server sends and the page reads: types only, shared by both.
import type { ClassSet } from "../datasets/dataset.js";
import type { BaselineKind } from "../report/baseline.js";
import type { PrototypeCosines, RunNote } from "../report/run-data.js";

export type { ClassSet } from "../datasets/dataset.js";
export type { ConfusionCounts, Cosines, Features, Points, RunNote } from "../report/run-data.js";

/** `lost`: its status is "running", but over a minute old. */
export type RunState = "running" | "complete" | "stopped" | "failed" | "lost";

export interface Score {
  readonly step: number;
  /** mIoU, a share 0..1. */
  readonly value: number;
}

/** What a run has gained over its baseline. */
export interface RunGain {
  /** A difference of shares. */
  readonly value: number;
  readonly kind: BaselineKind;
  /** The baseline. */
  readonly id: string;
}

/** A row of the list of runs. */
export interface RunSummary {
  /** Path of the run folder in the folder that is served, with "/". */
  readonly id: string;
  readonly state: RunState;
  readonly error?: string;
  readonly method?: string;
  readonly seed?: number;
  readonly step: number;
  readonly steps?: number;
  /** ISO 8601. */
  readonly started?: string;
  readonly updated: string;
  /** Equal for runs that differ only in their seed. */
  readonly group: string;
  /** By evaluation set, the main one first. */
  readonly last: Readonly<Record<string, Score>>;
  readonly best: Readonly<Record<string, Score>>;
  /** mIoU on the main set minus the baseline's, of a complete run. */
  readonly gain?: RunGain;
  readonly hasReport: boolean;
  readonly loss?: number;
  /** Mean over the newest steps, without evaluation. */
  readonly secondsPerStep?: number;
  /** About fifty values: mIoU on the main set if it was evaluated more than twice, else the source loss. */
  readonly trend: readonly number[];
  readonly trendOf: string;
}

/** The whole list, or its changes since the event before. */
export interface RunsEvent {
  /** The folder that is served, for people. */
  readonly folder: string;
  readonly whole: boolean;
  readonly runs: readonly RunSummary[];
  readonly gone: readonly string[];
}

/** One image of `previews/`, with the steps at which it was predicted. */
export interface Preview {
  readonly set: string;
  /** Name of its folder. */
  readonly image: string;
  readonly name: string;
  readonly truth: boolean;
  readonly predictions: readonly number[];
  readonly entropies: readonly number[];
  /** Kept for its score, and not spread over the set. */
  readonly extreme: boolean;
  /** The run whose prediction is its baseline, if that is there. */
  readonly baseline?: string;
}

/** Scores of one image, shares 0..1; null where there is nothing to measure. */
export interface ImageEntry {
  readonly name: string;
  /** Mean IoU of the classes that its labels have. */
  readonly score: number | null;
  readonly accuracy: number | null;
  readonly entropy: number | null;
  readonly calibration: number | null;
  /** The baseline's score. */
  readonly before?: number;
  /** IoU of the class by which images are sorted. */
  readonly classIou?: number | null;
  /** The share of its labelled pixels with the confusion by which images are sorted. */
  readonly confused?: number;
}

/** Pixels of one class that are predicted as another, by their indices. */
export interface ImageConfusion {
  readonly truth: number;
  readonly predicted: number;
  /** Of the labelled pixels, as the mean over the images of a set. */
  readonly share: number;
}

/** Images of one evaluation set, at the newest evaluation. */
export interface ImagePage {
  readonly set: string;
  readonly sets: readonly string[];
  readonly step: number;
  /** In the set; those that the baseline has, too, and of these the better and the worse ones. */
  readonly images: number;
  readonly compared: number;
  readonly better: number;
  readonly worse: number;
  /** Images that have a place in the order, of which `entries` are the first. */
  readonly sorted: number;
  /** The largest confusions, the largest first; missing if the file is of an earlier version. */
  readonly confusions?: readonly ImageConfusion[];
  readonly entries: readonly ImageEntry[];
}

/** The run that a run is measured against. */
export interface RunBaseline {
  readonly id: string;
  readonly kind: BaselineKind;
  /** By evaluation set. */
  readonly miou: Readonly<Record<string, number>>;
  /** IoU by class on the main set; null for a class that does not occur. */
  readonly iou: readonly (number | null)[];
}

/** The settings that differ between the runs that are served. */
export interface RunSettings {
  /** Dotted keys. */
  readonly keys: readonly string[];
  /** By run: the values of these keys, as text. */
  readonly runs: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

export interface RunDetails {
  readonly summary: RunSummary;
  /** config.yaml; "" if it is missing or too large. */
  readonly configText: string;
  /** The newest, by rising step. */
  readonly notes: readonly RunNote[];
  readonly baseline?: RunBaseline;
  /** The runs that it starts from, if they are served. */
  readonly starts: readonly string[];
  /** What it shares with the other seeds of its group: dotted keys, values as text. */
  readonly settings: Readonly<Record<string, string>>;
  readonly classes?: ClassSet;
  /** IoU by class on the main set, of result.json. */
  readonly iou: readonly (number | null)[];
  readonly keys: readonly string[];
  /** The weight of each loss by name; empty for a run of an earlier version. */
  readonly weights: Readonly<Record<string, number>>;
  readonly previews: readonly Preview[];
  readonly hasImages: boolean;
  readonly styles: readonly string[];
  readonly hasFeatures: boolean;
  readonly hasPrototypes: boolean;
  readonly hasConfusion: boolean;
}

/** Values of one key in buckets of steps; without `low` and `high` if they equal `mean`. */
export interface Buckets {
  readonly at: readonly number[];
  readonly mean: readonly number[];
  readonly low?: readonly number[];
  readonly high?: readonly number[];
}

export interface RunSeries {
  readonly id: string;
  /** If it has changed, points sent before are no longer valid. */
  readonly generation: number;
  /** Steps in a bucket, a power of two. */
  readonly width: number;
  /** The step at which these buckets begin; earlier buckets have not changed. */
  readonly from: number;
  /** false while the file is being read: these are samples of it. */
  readonly complete: boolean;
  readonly series: Readonly<Record<string, Buckets>>;
}

export interface Prototypes extends PrototypeCosines {
  readonly steps: readonly number[];
  /** Mean cosine of a class with itself in the other domain, by step. */
  readonly aligned: readonly (number | null)[];
  /** Mean cosine of different classes across domains, by step. */
  readonly apart: readonly (number | null)[];
  readonly step: number;
}
