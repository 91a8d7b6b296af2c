export { OUTPUT_STRIDES, type OutputStride } from "./atrous.js";
export type {
  Backbone,
  BackboneOptions,
  FeatureExtractor,
  Features,
  PublishedWeights,
  ShapeOf,
  Translation,
} from "./backbone.js";
export { BACKBONES, type BackboneName, backbones } from "./backbones.js";
export { batchStatistics } from "./batch-statistics.js";
export { createNetwork, deeplabV2, type NetworkOptions } from "./create-network.js";
export type { Decoder, DecoderFile, DecoderOptions, Prediction } from "./decoder.js";
export { DECODERS, type DecoderName, decoders } from "./decoders.js";
export { type CompiledNetwork, compileNetwork, type Predictor } from "./inference.js";
export type { Network, NetworkParts } from "./network.js";
export { type GroupOptions, parameterGroups } from "./parameter-groups.js";
export { PROJECTION_HEADS, type ProjectionHeadName } from "./projection-head.js";
export { type FitOptions, type Fitting, fitPublished } from "./published.js";
export {
  ADAIN_ENCODER,
  type Identity,
  identify,
  mismatchAdvice,
  otherDecoder,
  recognise,
  thisIs,
} from "./recognise.js";
export { type Meaning, otherMeaning } from "./same-network.js";
export { segmentationLoss, upsampleLogits } from "./segmentation-loss.js";
export { weightedSegmentationLoss } from "./weighted-loss.js";
