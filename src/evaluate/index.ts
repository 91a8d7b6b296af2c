export { type BoundaryScore, createBoundaryScore } from "./boundary.js";
export { type Calibration, type ConfidenceBin, createCalibration, SURE } from "./calibration.js";
export {
  addToConfusion,
  type Confused,
  type Confusion,
  createConfusion,
  miouOver,
  type Scores,
  scores,
} from "./confusion.js";
export {
  averagedProbabilities,
  type EvaluateOptions,
  entropyGrey,
  evaluate,
  type Observation,
  type PredictOptions,
  predictLabels,
  probabilities,
  type Stage,
  type Views,
} from "./evaluate.js";
export {
  createImageTable,
  type ImageScores,
  type ImageTable,
  type Measurement,
} from "./image-scores.js";
export { LEAST_TILE, type Span, type Tile, tilesOf } from "./tiles.js";
