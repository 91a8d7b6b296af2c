// What the server sends and the page reads: types only, shared by both.
import type { ClassSet } from "../datasets/dataset.js";
import type { PrototypeCosines } from "../report/run-data.js";

export type { ClassSet } from "../datasets/dataset.js";
export type { ConfusionCounts, Cosines, Features, Points } from "../report/run-data.js";

/** `lost`: says that it runs, but its status is over a minute old. */
export type RunState = "running" | "complete" | "stopped" | "failed" | "lost";

export interface Score {
  readonly step: number;
  /** mIoU, a share 0..1. */
  readonly value: number;
}

/** A row of the list of runs. */
export interface RunSummary {
  /** Path of the run folder below the folder that is served, with "/". */
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
  /** Runs of one group differ in their seed alone. */
  readonly group: string;
  /** By evaluation set, the main one first. */
  readonly last: Readonly<Record<string, Score>>;
  readonly best: Readonly<Record<string, Score>>;
  readonly loss?: number;
  /** About fifty values: mIoU of the main set where there are several, else the source loss. */
  readonly trend: readonly number[];
  readonly trendOf: string;
}

/** The list as it is now, or what has changed of it since the event before. */
export interface RunsEvent {
  /** Where the runs lie, for people. */
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
}

export interface RunDetails {
  readonly summary: RunSummary;
  /** config.yaml as it is. */
  readonly configText: string;
  /** What it shares with the other seeds of its group: dotted keys, values as text. */
  readonly settings: Readonly<Record<string, string>>;
  readonly classes?: ClassSet;
  readonly keys: readonly string[];
  readonly previews: readonly Preview[];
  readonly styles: readonly string[];
  readonly hasFeatures: boolean;
  readonly hasPrototypes: boolean;
  readonly hasConfusion: boolean;
  readonly hasReport: boolean;
}

/** Values of one key in buckets of steps; `low` and `high` are left out where they equal `mean`. */
export interface Buckets {
  readonly at: readonly number[];
  readonly mean: readonly number[];
  readonly low?: readonly number[];
  readonly high?: readonly number[];
}

export interface RunSeries {
  readonly id: string;
  /** Another one: points sent before no longer hold. */
  readonly generation: number;
  /** Steps in a bucket, a power of two. */
  readonly width: number;
  /** Where the buckets sent here begin; those before are as they were. */
  readonly from: number;
  /** false while the file is still being read: a sample stands in for it. */
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
