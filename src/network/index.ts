export { BACKBONES, type Backbone, type BackboneName, createBackbone } from "./backbones.js";
export {
  batchStatistics,
  type DeepLabOptions,
  deeplabV2,
  duplicates,
  type GroupOptions,
  type Network,
  type Prediction,
  parameterGroups,
} from "./deeplab-v2.js";
export { type CompiledNetwork, compileNetwork, type Predictor } from "./inference.js";
export { PROJECTION_HEADS, type ProjectionHeadName } from "./projection-head.js";
export { type Fitting, fitPublished } from "./published.js";
export { recognise } from "./recognise.js";
export { RESNETS, type ResNetName } from "./resnet.js";
export { segmentationLoss, upsampleLogits } from "./segmentation-loss.js";
export { weightedSegmentationLoss } from "./weighted-loss.js";
