export { type ClassMeans, classMeans, labelsAt, pooled } from "./class-means.js";
export { contrastiveLoss } from "./contrastive-loss.js";
export { denoisedLogits } from "./denoise.js";
export { MemoryBank, normalizeRows } from "./memory-bank.js";
export { agreeing, type PrototypeAverage, prototypeAverage } from "./prototype-average.js";
export { DISTANCES, type PseudoLabelOptions, pseudoLabels } from "./pseudo-labels.js";
export { cosines, distances } from "./similarity.js";
