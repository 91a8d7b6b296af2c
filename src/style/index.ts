export { type AdainOptions, adain } from "./adain.js";
export { type Coder, type CoderKind, createCoder, frozen } from "./coder.js";
export { loadCoder, saveCoder } from "./coder-file.js";
export {
  type CoderSource,
  type CoderTraining,
  coderTraining,
  coderTrainingSchema,
} from "./coder-training.js";
export { edgeCorrelation } from "./edge-correlation.js";
export { loadMobilenet, loadPublished } from "./load-coder.js";
export { lookAt, restyle, type Style } from "./style.js";
export { STYLES, type StyleName, styleOf } from "./styles.js";
export { commonStatistics, createStylist, type Stylist, type StylistOptions } from "./stylist.js";
export {
  freshCoder,
  freshMobilenetCoder,
  type TrainCoderOptions,
  trainCoder,
} from "./train-coder.js";
