// What `import "cfcontra"` gives, in the order data flows. Each folder's own index says more.
export * from "./contrast/index.js";
export type { ClassSet, Dataset, Sample, Size } from "./datasets/dataset.js";
export { IGNORE } from "./datasets/dataset.js";
export { createLoader, ordered } from "./datasets/loader.js";
export { openDataset } from "./datasets/open.js";
export { makeStreets, openStreets } from "./datasets/streets/streets.js";
export * from "./entropy/index.js";
export { UserError } from "./errors.js";
export * from "./evaluate/index.js";
export * from "./export/index.js";
export * from "./methods/index.js";
export * from "./network/index.js";
export * as nn from "./nn/index.js";
/** Tensors and operators: `import { torch } from "cfcontra"`. */
export * as torch from "./torch/index.js";
export * from "./train/index.js";
export const version = "0.1.0";
