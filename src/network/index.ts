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
export { type DeepLabOptions, deeplabV2 } from "./deeplab-v2.js";
export { type CompiledNetwork, compileNetwork, type Predictor } from "./inference.js";
export type { Network, NetworkParts, Prediction } from "./network.js";
export { type GroupOptions, parameterGroups } from "./parameter-groups.js";
export { PROJECTION_HEADS, type ProjectionHeadName } from "./projection-head.js";
export { type Fitting, fitPublished } from "./published.js";
export { recognise } from "./recognise.js";
export { segmentationLoss, upsampleLogits } from "./segmentation-loss.js";
export { weightedSegmentationLoss } from "./weighted-loss.js";
