import { INPUT_FORMATS, type InputName } from "../datasets/input-format.js";
import { createParameters, type Init, normalInit, union } from "../nn/index.js";
import { atrousPyramid } from "./atrous-pyramid.js";
import { type BackboneName, createBackbone } from "./backbones.js";
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
  /** What pixels become before they enter; what the backbone's weights expect when omitted. */
  readonly input?: InputName | undefined;
}

/** Scopes of the heads, as AdaptSegNet and ADVENT name them. */
const SCOPES = { aux: "layer5", main: "layer6", projection: "head" } as const;

/** DeepLab-v2 with heads on layer3 (aux) and layer4 (main), as in AdaptSegNet and ADVENT. */
export function deeplabV2(options: DeepLabOptions): Network {
  const { backbone, classes, head, width = 1, device = "cpu", input } = options;
  const { init = normalInit(0.01), statistics = "batch" } = options;
  const parts: NetworkParts = {
    backbone: createParameters(device),
    aux: createParameters(device, SCOPES.aux),
    main: createParameters(device, SCOPES.main),
    projection: createParameters(device, SCOPES.projection),
  };
  const trunk = createBackbone(parts.backbone, backbone, width, init);
  const { layer3, layer4 } = trunk.channels;
  const aux = atrousPyramid(parts.aux, layer3, classes, normalInit(0.01));
  const main = atrousPyramid(parts.main, layer4, classes, normalInit(0.01));
  const project = projectionHead(parts.projection, head, layer4);
  return {
    parameters: union(Object.values(parts)),
    parts,
    classes,
    featureSize: layer4,
    input: input === undefined ? trunk.input : INPUT_FORMATS[input],
    device,
    published: trunk.published,
    forward(images, training) {
      const features = trunk(images, training && statistics === "batch");
      return {
        aux: aux(features.layer3, training),
        main: main(features.layer4, training),
        features: features.layer4,
      };
    },
    project,
    twin: () => deeplabV2(options),
  };
}

/** How often the reference's optimiser updates a backbone parameter in one step. */
export function duplicates(name: string): number {
  if (!/^layer[1-4]\./.test(name)) return 1;
  return name.includes(".downsample.") ? 4 : 3;
}
