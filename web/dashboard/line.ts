import type { Buckets } from "../../src/dashboard/api.js";

/** A line of a chart. */
export interface Line {
  readonly name: string;
  /** After the name in the legend. */
  readonly detail?: string;
  readonly color: string;
  readonly dashed?: boolean;
  /** A constant to compare with, drawn without points or smoothing. */
  readonly level?: boolean;
  /** Lines of one group share an entry of the legend, which shows their mean. */
  readonly group?: string;
  readonly data: Buckets;
}
