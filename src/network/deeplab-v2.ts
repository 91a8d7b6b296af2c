import { INPUT_FORMATS, type InputName } from "../datasets/input-format.js";
import { createParameters, type Init, normalInit, union } from "../nn/index.js";
import { atrousPyramid, RATES } from "./atrous-pyramid.js";
import type { Backbone, ShapeOf } from "./backbone.js";
import { type BackboneName, backbones } from "./backbones.js";
import type { Network, NetworkParts } from "./network.js";
import { type ProjectionHeadName, projectionHead } from "./projection-head.js";

/** What a network is made of. */
export interface DeepLabOptions {
  readonly backbone: BackboneName;
  readonly classes: number;
  /** What maps features to the space of the prototypes. */
  readonly head: ProjectionHeadName;
  /** Multiplies every channel count of the backbone; 1 is the published network. */
  readonly width?: number;
  /** "cpu" (default), "cuda", "cuda:1", ... */
  readonly device?: string;
  /** How convolutions start. Default N(0, 0.01). */
  readonly init?: Init;
  /**
   * Whose statistics normalise the backbone in training: the batch's, which move the running ones, or
   * the running ones as they are, those of pretrained weights. Default batch.
   */
  readonly statistics?: "batch" | "kept";
  /** Dilations of the classifiers' branches. Default 6, 12, 18, 24; AdaptSegNet uses only 6 and 12. */
  readonly rates?: readonly number[];
  /** What pixels become before they enter; what the backbone's weights expect when omitted. */
  readonly input?: InputName | undefined;
}

/** Scopes of the heads, as AdaptSegNet and ADVENT name them. */
const SCOPES = { aux: "layer5", main: "layer6", projection: "head" } as const;

/** DeepLab-v2 with classifiers on the last two stages of its backbone, as in AdaptSegNet and ADVENT. */
export function deeplabV2(options: DeepLabOptions): Network {
  const { classes, head, width = 1, device = "cpu", input } = options;
  const { init = normalInit(0.01), statistics = "batch", rates = RATES } = options;
  const backbone: Backbone = backbones[options.backbone];
  const parts: NetworkParts = {
    backbone: createParameters(device),
    aux: createParameters(device, SCOPES.aux),
    main: createParameters(device, SCOPES.main),
    projection: createParameters(device, SCOPES.projection),
  };
  const { channels, forward } = backbone.create(parts.backbone, { width, init });
  const aux = atrousPyramid(parts.aux, channels.aux, classes, normalInit(0.01), rates);
  const main = atrousPyramid(parts.main, channels.main, classes, normalInit(0.01), rates);
  const project = projectionHead(parts.projection, head, channels.main);
  return {
    parameters: union(Object.values(parts)),
    parts,
    backbone,
    leftOut: spareBranches(rates),
    classes,
    featureSize: channels.main,
    input: input === undefined ? backbone.input : INPUT_FORMATS[input],
    device,
    forward(images, training) {
      const features = forward(images, training && statistics === "batch");
      return {
        aux: aux(features.aux, training),
        main: main(features.main, training),
        features: features.main,
      };
    },
    project,
    twin: () => deeplabV2(options),
  };
}

/** The published branches that `rates` lacks, if `rates` are the first of the published dilations. */
function spareBranches(rates: readonly number[]): NonNullable<Network["leftOut"]> {
  if (rates.some((rate, i) => rate !== RATES[i])) return [];
  return RATES.slice(rates.length).flatMap((_, i) =>
    [SCOPES.aux, SCOPES.main].map((scope) => ({
      scope: `${scope}.conv2d_list.${rates.length + i}`,
    })),
  );
}

/**
 * What a file with a backbone is if it has a classifier of this network, e.g. "DeepLab-v2 ResNet-101, 19
 * classes"; undefined if it has none.
 * @param backbone in words
 */
export function describeDeepLabV2(backbone: string, shape: ShapeOf): string | undefined {
  const classes = (scope: string) => shape(`${scope}.conv2d_list.0.weight`)?.[0];
  const aux = classes(SCOPES.aux);
  const main = classes(SCOPES.main);
  if (main !== undefined) {
    const without = aux === undefined ? `, without ${SCOPES.aux}` : "";
    return `DeepLab-v2 ${backbone}, ${main} classes${without}`;
  }
  if (aux === undefined) return undefined;
  return `${backbone} with a ${SCOPES.aux} for ${aux} classes, which is another head`;
}
