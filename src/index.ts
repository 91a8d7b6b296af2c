// What `import "cfcontra"` gives, in the order data flows. Each folder's own index says more.
export * from "./contrast/index.js";
export type {
  ClassSet,
  Color,
  Dataset,
  DatasetFiles,
  LabelCoding,
  RawLabel,
  Sample,
  Size,
} from "./datasets/dataset.js";
export { IGNORE } from "./datasets/dataset.js";
export { INPUT_FORMATS, type InputFormat, type InputName } from "./datasets/input-format.js";
export {
  createLoader,
  type Loader,
  type LoaderOptions,
  ordered,
  type Transform,
} from "./datasets/loader.js";
export { type DatasetSpec, openDataset } from "./datasets/open.js";
export type { Shard } from "./datasets/shard.js";
export {
  makeStreets,
  type OpenStreetsOptions,
  openStreets,
  type StreetsOptions,
} from "./datasets/streets/streets.js";
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
export { writeAtomically } from "./write-atomically.js";
/** The version of this package. */
export const version = "0.1.0";
