import { UserError } from "../errors.js";
import { type ParameterGroup, union } from "../nn/index.js";
import type { Network } from "./network.js";

/** Options of `parameterGroups`. */
export interface GroupOptions {
  /**
   * As in the reference, list a backbone parameter once for every module that contains it, so that a step
   * updates it as many times. Default off.
   */
  readonly duplicateUpdates?: boolean;
  /** Learning rate of classifiers and projection, as a multiple of the backbone's. Default 10. */
  readonly headRate?: number;
  /** `false`, as in the reference: the projection head is not in any group. Default true. */
  readonly trainProjection?: boolean;
}

/**
 * The optimiser's groups: the backbone at the base rate, classifiers and projection at a multiple of it.
 * @throws UserError for `duplicateUpdates` of a backbone that the reference does not have
 */
export function parameterGroups(
  { backbone: { duplicates }, parts }: Network,
  { duplicateUpdates = false, headRate = 10, trainProjection = true }: GroupOptions = {},
): ParameterGroup[] {
  const { backbone, aux, main, projection } = parts;
  if (duplicateUpdates && duplicates === undefined) {
    throw new UserError(
      "conflicting-options",
      "train.duplicateUpdates repeats updates of the reference's ResNet, but the network has another backbone: " +
        "remove one of the two",
    );
  }
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
