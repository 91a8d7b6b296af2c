import { type ParameterGroup, union } from "../nn/index.js";
import type { Network } from "./network.js";

/** How the reference differs from one group at one rate. */
export interface GroupOptions {
  /**
   * As the reference's optimiser has it: it lists backbone parameters once for every enclosing
   * module, so that one step updates them that often. Default off.
   */
  readonly duplicateUpdates?: boolean;
  /** Rate of classifiers and projection, as a multiple of the backbone's. Default 10. */
  readonly headRate?: number;
  /** As in the reference, whose projection head is in no optimiser group. Default trained. */
  readonly trainProjection?: boolean;
}

/** The optimiser's groups: backbone at the base rate, classifiers and projection at a multiple. */
export function parameterGroups(
  { backbone: { duplicates }, parts }: Network,
  { duplicateUpdates = false, headRate = 10, trainProjection = true }: GroupOptions = {},
): ParameterGroup[] {
  const { backbone, aux, main, projection } = parts;
  return [
    {
      parameters: backbone.trainable,
      rate: 1,
      ...(duplicateUpdates && duplicates ? { repeats: duplicates } : {}),
    },
    {
      parameters: union([aux, main, ...(trainProjection ? [projection] : [])]).trainable,
      rate: headRate,
    },
  ];
}
