export {
  type Checkpoint,
  type CheckpointInfo,
  checkpoints,
  latestCheckpoint,
  loadNetwork,
  readCheckpoint,
  resume,
  saveInto,
} from "./checkpoint.js";
export { type Environment, environment } from "./environment.js";
export { type LoopOptions, type StepReport, type Stream, train } from "./loop.js";
export { type LocalPlace, placeOf } from "./place.js";
export { openRunFolder, type RunFolder, readJsonLines, writeAtomically } from "./run-folder.js";
export { startFrom } from "./start-from.js";
export { openStatus, type RunState, type Status, type StatusFile } from "./status.js";
export {
  anyRank,
  averageScalars,
  firstThenOthers,
  sameStart,
  sumCounts,
} from "./together.js";
