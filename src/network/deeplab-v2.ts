import { INPUT_FORMATS, type InputFormat, type InputName } from "../datasets/input-format.js";
import {
  createParameters,
  type Init,
  normalInit,
  type ParameterGroup,
  type Parameters,
} from "../nn/index.js";
import type { Tensor, TensorMap } from "../torch/index.js";
import { atrousPyramid } from "./atrous-pyramid.js";
import { type Backbone, type BackboneName, createBackbone } from "./backbones.js";
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

/** Logits float32 [N, classes, h, w] of both levels and layer4's features [N, D, h, w], h = ~H / 8. */
export interface Prediction {
  readonly aux: Tensor;
  readonly main: Tensor;
  readonly features: Tensor;
}

/** A DeepLab-v2 with its projection head: images to logits and features. */
export interface Network {
  readonly parameters: Parameters;
  readonly classes: number;
  /** D, the length of a feature. */
  readonly featureSize: number;
  readonly input: InputFormat;
  readonly device: string;
  /** See Backbone. */
  readonly published: Backbone["published"];
  /** Images [N, 3, H, W] in `input` format -> prediction. */
  forward(images: Tensor, training: boolean): Prediction;
  /** Features [N, D, h, w] -> the prototypes' space [N, D, h, w]. */
  project(features: Tensor, training: boolean): Tensor;
  /** Another network of this shape, with fresh parameters of its own. */
  twin(): Network;
}

/** DeepLab-v2 with heads on layer3 (aux) and layer4 (main), as in AdaptSegNet and ADVENT. */
export function deeplabV2(options: DeepLabOptions): Network {
  const { backbone, classes, head, width = 1, device = "cpu", input } = options;
  const { init = normalInit(0.01), statistics = "batch" } = options;
  const parameters = createParameters(device);
  const trunk = createBackbone(parameters, backbone, width, init);
  const { layer3, layer4 } = trunk.channels;
  const aux = atrousPyramid(parameters.sub("layer5"), layer3, classes, normalInit(0.01));
  const main = atrousPyramid(parameters.sub("layer6"), layer4, classes, normalInit(0.01));
  const project = projectionHead(parameters.sub("head"), head, layer4);
  return {
    parameters,
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

/** How often the reference's optimiser updates a backbone parameter in one step. */
export function duplicates(name: string): number {
  if (!/^layer[1-4]\./.test(name)) return 1;
  return name.includes(".downsample.") ? 4 : 3;
}

/** The optimiser's groups: backbone at the base rate, classifiers and projection at a multiple. */
export function parameterGroups(
  network: Network,
  { duplicateUpdates = false, headRate = 10, trainProjection = true }: GroupOptions = {},
): ParameterGroup[] {
  const select = (test: (name: string) => boolean) =>
    new Map([...network.parameters.trainable].filter(([name]) => test(name)));
  const classifier = /^layer[56]\./;
  const projection = /^head\./;
  return [
    {
      parameters: select((name) => !classifier.test(name) && !projection.test(name)),
      rate: 1,
      ...(duplicateUpdates ? { repeats: duplicates } : {}),
    },
    {
      parameters: select(
        (name) => classifier.test(name) || (trainProjection && projection.test(name)),
      ),
      rate: headRate,
    },
  ];
}

/**
 * The running statistics of batch normalisation among named tensors. They are no parameters and differ from
 * rank to rank, each having seen its own batches: whoever reads them averages them first.
 */
export function batchStatistics(tensors: TensorMap): Tensor[] {
  return [...tensors].flatMap(([name, tensor]) =>
    /\.running_(mean|var)$/.test(name) ? [tensor] : [],
  );
}
