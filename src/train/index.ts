export {
  type AverageInfo,
  averageIn,
  type Checkpoint,
  type CheckpointInfo,
  checkpoints,
  evaluatedOf,
  isCheckpoint,
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
  anyRank,
  averageScalars,
  firstThenOthers,
  sameStart,
  sumCounts,
} from "./collectives.js";
export { type Environment, environment } from "./environment.js";
export { removeHalfWritten } from "./half-written.js";
export { type LocalPlace, placeOf } from "./launch-environment.js";
export { type LoopOptions, type StepReport, type Stream, trainingSteps } from "./loop.js";
export { ownRandomState, type RandomStates, randomStates } from "./random-states.js";
export {
  type Entry,
  openRunFolder,
  type RunFolder,
  readJsonLines,
} from "./run-folder.js";
export { lockRunFolder } from "./run-lock.js";
export { startFrom } from "./start-from.js";
export { openStatus, type RunState, type Status, type StatusFile } from "./status.js";
