export { isBuiltIn } from "./built-in-weights.js";
export {
  type Checkpoint,
  checkpoints,
  evaluatedOf,
  latestCheckpoint,
  loadNetwork,
  methodStateOf,
  networkOf,
  type Position,
  readCheckpoint,
  resume,
  saveInto,
  weightsFile,
} from "./checkpoint.js";
export {
  type AverageInfo,
  type CheckpointInfo,
  infoIn,
  isCheckpoint,
  type StageRecord,
} from "./checkpoint-info.js";
export {
  anyRank,
  averageScalars,
  firstThenOthers,
  sameStart,
  sumCounts,
} from "./collectives.js";
export { deviceBefore, type Environment, environment, type Gpu } from "./environment.js";
export { removeHalfWritten } from "./half-written.js";
export { type LocalPlace, placeOf } from "./launch-environment.js";
export { type LoopOptions, type StepReport, type Stream, trainingSteps } from "./loop.js";
export { ownRandomState, type RandomStates, randomStates } from "./random-states.js";
export { requireRun } from "./require-run.js";
export {
  type Entry,
  openRunFolder,
  type RunFolder,
  readJsonLines,
} from "./run-folder.js";
export { lockRunFolder } from "./run-lock.js";
export { loadTrained, type StartOptions, startFrom } from "./start-from.js";
export { openStatus, type RunState, type Status, type StatusFile } from "./status.js";
