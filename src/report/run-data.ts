// What files of a run folder hold, for who writes and who reads them: types only, so that pages use
// them, too.

/** Features mapped to two dimensions; arrays of one length. */
export interface Points {
  readonly x: readonly number[];
  readonly y: readonly number[];
  /** 0: source, 1: target. */
  readonly domain: readonly number[];
  readonly class: readonly number[];
}

/** `features.json`: of the run, and of the source-only run that it is compared to. */
export interface Features {
  readonly before?: Points;
  readonly after: Points;
}

/** Cosines [C][C]; null where one of the two classes was never seen. */
export type Cosines = readonly (readonly (number | null)[])[];

/** How alike the prototypes of the classes are, within each domain's bank and from one to the other. */
export interface PrototypeCosines {
  readonly source: Cosines;
  readonly target: Cosines;
  /** Row: class of the source; column: class of the target. */
  readonly across: Cosines;
}

/** `confusion.json`. Rows: truth, columns: prediction; pixel counts by evaluation set. */
export interface ConfusionCounts {
  readonly step: number;
  readonly sets: Readonly<Record<string, readonly (readonly number[])[]>>;
}
