import { INPUT_FORMATS, type InputName } from "../datasets/input-format.js";
import { createParameters, type Init, normalInit, union } from "../nn/index.js";
import { inLayout } from "../torch/index.js";
import type { OutputStride } from "./atrous.js";
import type { Backbone } from "./backbone.js";
import { type BackboneName, backbones } from "./backbones.js";
import type { Decoder } from "./decoder.js";
import { type DecoderName, decoders } from "./decoders.js";
import type { Network, NetworkParts } from "./network.js";
import { type ProjectionHeadName, projectionHead } from "./projection-head.js";

/** Options of `createNetwork`. */
export interface NetworkOptions {
  readonly backbone: BackboneName;
  /** Maps the backbone's features to logits. Default deeplab-v2. */
  readonly decoder?: DecoderName;
  readonly classes: number;
  /** Maps features to the space of the prototypes. */
  readonly head: ProjectionHeadName;
  /** Multiplies every channel count of the backbone; 1 is the published network. */
  readonly width?: number;
  /** The ratio of image size to feature size: 8 (default) or 16. */
  readonly outputStride?: OutputStride;
  /** "cpu" (default), "cuda", "cuda:1", ... */
  readonly device?: string;
  /** Initialises the weights of the backbone's convolutions. Default N(0, 0.01). */
  readonly init?: Init;
  /**
   * The statistics that normalise the backbone in training: those of the batch, which update the running
   * statistics, or the fixed running statistics of pretrained weights. Default batch.
   */
  readonly statistics?: "batch" | "kept";
  /**
   * Dilations of the decoder's atrous branches. Default those of its paper; AdaptSegNet uses only the first
   * two of DeepLab-v2's.
   */
  readonly rates?: readonly number[] | undefined;
  /** The input format of images; by default the one that the backbone's weights expect. */
  readonly input?: InputName | undefined;
}

const PROJECTION = "head";

/** Creates a backbone, a decoder with two classifiers, and a projection head. */
export function createNetwork(options: NetworkOptions): Network {
  const { classes, head, width = 1, outputStride = 8, device = "cpu", rates, input } = options;
  const { init = normalInit(0.01), statistics = "batch" } = options;
  const backbone: Backbone = backbones[options.backbone];
  const decoder: Decoder = decoders[options.decoder ?? "deeplab-v2"];
  const parts: NetworkParts = {
    backbone: createParameters(device, "", inLayout),
    aux: createParameters(device, decoder.scopes.aux, inLayout),
    main: createParameters(device, decoder.scopes.main, inLayout),
    projection: createParameters(device, PROJECTION, inLayout),
  };
  const { channels, forward } = backbone.create(parts.backbone, { width, init, outputStride });
  const decode = decoder.create(parts, { channels, outputStride, classes, width, rates });
  const { featureSize, leftOut } = decode;
  const project = projectionHead(parts.projection, head, featureSize);
  return {
    parameters: union(Object.values(parts)),
    parts,
    backbone,
    leftOut,
    classes,
    featureSize,
    input: input === undefined ? backbone.input : INPUT_FORMATS[input],
    device,
    forward(images, training) {
      const features = forward(images, training && statistics === "batch");
      return decode.forward(features, training);
    },
    project,
    twin: () => createNetwork(options),
  };
}

/** DeepLab-v2 with classifiers on the last two stages of its backbone, as in AdaptSegNet and ADVENT. */
export const deeplabV2 = (options: Omit<NetworkOptions, "decoder">): Network =>
  createNetwork({ ...options, decoder: "deeplab-v2" });
