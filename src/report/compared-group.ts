// What tables and charts of a comparison show. Types only, so that the dashboard's page uses them, too.
import type { BaselineKind } from "./baseline.js";
import type { Curve } from "./mean-curve.js";

/** A value over seeds; deviation with n - 1, 0 for a single run. Shares 0..1. */
export interface Spread {
  readonly mean: number;
  readonly deviation: number;
  readonly runs: number;
}

/** A mean of differences, each to the baseline of the same run. */
export interface Gain extends Spread {
  readonly baseline: BaselineKind;
}

/** Runs that differ only in their seed. */
export interface ComparedGroup {
  /** The method, and the settings that tell this group from others of it. */
  readonly label: string;
  readonly method: string;
  readonly seeds: readonly number[];
  /** mIoU by evaluation set; undefined if a run has none. */
  readonly miou: Readonly<Record<string, Spread | undefined>>;
  /** IoU per class on the first set; undefined if the class does not occur. */
  readonly iou: readonly (Spread | undefined)[];
  /**
   * mIoU on the first set minus the baseline's, over the runs that have a source-only baseline; if none has,
   * over those that have a pretraining. Undefined without a baseline, and for source-only itself.
   */
  readonly gain?: Gain | undefined;
  /** IoU per class on the first set minus the baseline's, over the same runs as `gain`. */
  readonly iouGain: readonly (Spread | undefined)[];
  /** Its values of the settings that tell groups apart; undefined for the default. */
  readonly settings: Readonly<Record<string, string | undefined>>;
  /** mIoU on the first set over training: the mean of its runs, and their lowest and highest. */
  readonly curve?: Curve | undefined;
}

/** Groups side by side. */
export interface ComparedGroups {
  readonly sets: readonly string[];
  readonly classes: readonly string[];
  readonly groups: readonly ComparedGroup[];
  /** The settings, as dotted keys, that tell groups apart, besides the method. */
  readonly settings: readonly string[];
}
