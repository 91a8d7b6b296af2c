export {
  addToConfusion,
  type Confusion,
  createConfusion,
  type Scores,
  scores,
} from "./confusion.js";
export { type EvaluateOptions, evaluate, predictLabels, probabilities } from "./evaluate.js";
