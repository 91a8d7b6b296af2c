// The content of files in a run folder: types only, so that pages use them, too.

/** Features mapped to two dimensions; arrays of one length. */
export interface Points {
  readonly x: readonly number[];
  readonly y: readonly number[];
  /** 0: source, 1: target. */
  readonly domain: readonly number[];
  readonly class: readonly number[];
}

/** `features.json`: of the run, and of its baseline. */
export interface Features {
  readonly before?: Points;
  readonly after: Points;
}

/** Cosines [C][C]; null where one of the two classes was never seen. */
export type Cosines = readonly (readonly (number | null)[])[];

/** Cosines of the classes' prototypes, within each domain's bank and across the domains. */
export interface PrototypeCosines {
  readonly source: Cosines;
  readonly target: Cosines;
  /** Row: class of the source; column: class of the target. */
  readonly across: Cosines;
}

/** A line of `notes.jsonl`: what a training reported. */
export interface RunNote {
  /** Steps done when it was reported. */
  readonly step: number;
  readonly level: "note" | "warning";
  readonly text: string;
}

/** `confusion.json`. Rows: truth, columns: prediction; pixel counts by evaluation set. */
export interface ConfusionCounts {
  readonly step: number;
  readonly sets: Readonly<Record<string, readonly (readonly number[])[]>>;
}
