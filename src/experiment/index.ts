export { buildMethod, buildNetwork } from "./build.js";
export { type Chosen, type ChosenImage, chooseImages } from "./choose/choose.js";
export { openLook } from "./coarse-stage.js";
export { findCoder } from "./coder.js";
export type { Config, ConfigInput } from "./config.js";
export {
  type Domains,
  type EvaluationSets,
  openDomains,
  openEvaluationSets,
  openSet,
  setOf,
  withAbsoluteRoots,
  withLabels,
} from "./domains.js";
export { besideRuns, type EarlierRun, trainChain } from "./earlier-runs.js";
export {
  type Experiment,
  type ExperimentOptions,
  openExperiment,
  type TrainOptions,
} from "./experiment.js";
export { type Counted, type Forecast, forecast } from "./forecast.js";
export type { Listener } from "./listener.js";
export type { Protocol } from "./measure.js";
export { openCheckpoint, type Trained } from "./open-checkpoint.js";
export {
  type EvaluationOptions,
  type OpenRun,
  type OpenWeightsOptions,
  openRun,
  openWeights,
  type PredictedImage,
  type PredictImageOptions,
  type RgbImage,
} from "./open-run.js";
export {
  type Changes,
  type Choices,
  configuration,
  nameOf,
  type Overrides,
  type Preset,
  presetNames,
  requireSetOnce,
  runConfig,
} from "./presets.js";
export type { RestyleOptions, RestyleResult } from "./restyle.js";
export {
  peakMemory,
  type RunEvent,
  type RunOptions,
  type RunResult,
  requireNewRun,
} from "./run.js";
export { assignedKeys, requireRead } from "./unread-settings.js";
export { writeReport } from "./write-report.js";
