export {
  addToConfusion,
  type Confusion,
  createConfusion,
  type Scores,
  scores,
} from "./confusion.js";
export {
  type EvaluateOptions,
  evaluate,
  type PredictOptions,
  predictLabels,
  probabilities,
  type Stage,
} from "./evaluate.js";
