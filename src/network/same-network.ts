import { INPUT_FORMATS } from "../datasets/input-format.js";
import { type BackboneName, backbones } from "./backbones.js";
import type { Network } from "./network.js";

/** The keys of a network's configuration that change its logits and no tensor's name or shape. */
export interface Meaning {
  readonly backbone?: string | undefined;
  readonly input?: string | undefined;
}

/**
 * The settings with which weights were trained, as `network.KEY=VALUE`, where a network has others: with
 * another stride or other pixels the same tensors predict something else.
 */
export function otherMeaning(trained: Meaning, network: Network): string[] {
  if (!Object.hasOwn(backbones, trained.backbone ?? "")) return [];
  const backbone = backbones[trained.backbone as BackboneName];
  const formats = Object.entries(INPUT_FORMATS);
  const input = new Map(formats).get(trained.input ?? "") ?? backbone.input;
  const [name] = formats.find(([, format]) => format === input) ?? [];
  return [
    ...(backbone === network.backbone ? [] : [`network.backbone=${trained.backbone}`]),
    ...(input === network.input || name === undefined ? [] : [`network.input=${name}`]),
  ];
}
