// The exports of "cfcontra", in the order of the data flow.
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
export { ERROR_CODES, type ErrorCode, UserError } from "./errors.js";
export * from "./evaluate/index.js";
export {
  type Changes,
  type Config,
  type ConfigInput,
  type Domains,
  type EarlierRun,
  type EvaluationOptions,
  type EvaluationSets,
  type Experiment,
  type ExperimentOptions,
  type Forecast,
  type Listener,
  type OpenRun,
  type Overrides,
  openExperiment,
  openRun,
  openWeights,
  type PredictedImage,
  type PredictImageOptions,
  type Preset,
  presetNames,
  type RestyleOptions,
  type RestyleResult,
  type RgbImage,
  type RunEvent,
  type RunResult,
  type TrainOptions,
  writeReport,
} from "./experiment/index.js";
export * from "./export/index.js";
export * from "./methods/index.js";
export * from "./network/index.js";
export * as nn from "./nn/index.js";
export { type Comparison, compareRuns } from "./report/comparison.js";
export type { Evaluation } from "./report/evaluation.js";
export { type RunFiles, readRun } from "./report/run-files.js";
export * as style from "./style/index.js";
/** Tensors and operators: `import { torch } from "cfcontra"`. */
export * as torch from "./torch/index.js";
export * from "./train/index.js";
export { version } from "./version.js";
export { writeAtomically } from "./write-atomically.js";
