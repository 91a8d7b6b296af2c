export { type AdainOptions, adain } from "./adain.js";
export { type Coder, createCoder, frozen, loadCoder, saveCoder } from "./coder.js";
export { type CoderTraining, coderTraining, coderTrainingSchema } from "./coder-training.js";
export { edgeCorrelation } from "./edge-correlation.js";
export { loadPublished } from "./load-coder.js";
export { lookAt, restyle, type Style } from "./style.js";
export { STYLES, type StyleName, styleOf } from "./styles.js";
export { commonStatistics, createStylist, type Stylist, type StylistOptions } from "./stylist.js";
export { freshCoder, type TrainCoderOptions, trainCoder } from "./train-coder.js";
