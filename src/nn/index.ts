export { adam } from "./adam.js";
export { type AdamOptions, type AdamWOptions, adamw } from "./adamw.js";
export { clipGradients } from "./clip.js";
export { dataParallel } from "./data-parallel.js";
export { foldNorms } from "./fold.js";
export {
  type Graph,
  type GraphArgument,
  type GraphNode,
  isValue,
  recordGraph,
  sizeDependent,
  type Value,
  valuesOf,
} from "./graph.js";
export {
  convNormRelu6,
  type InvertedResidualOptions,
  invertedResidual,
  roundedChannels,
} from "./inverted-residual.js";
export {
  batchNorm,
  type Conv2dOptions,
  conv2d,
  type Layer,
  leakyRelu,
  relu,
  relu6,
  sequential,
} from "./layers.js";
export { copiesIn, loadByName, prefixesOf, prefixIn, withoutPrefix } from "./load-by-name.js";
export { lossOverRows } from "./loss-over-rows.js";
export {
  createParameters,
  heInit,
  type Init,
  normalInit,
  onesInit,
  type ParameterSet,
  type Parameters,
  uniformInit,
  union,
  zerosInit,
} from "./parameters.js";
export { below, prefixed } from "./prefix.js";
export { replay } from "./replay.js";
export { poly, rateFactor, type Schedule, warmUp } from "./schedule.js";
export { type Optimizer, type ParameterGroup, type SgdOptions, sgd } from "./sgd.js";
