export {
  type CheckpointInfo,
  checkpoints,
  latestCheckpoint,
  loadNetwork,
  readCheckpoint,
  resume,
  saveInto,
  startFrom,
} from "./checkpoint.js";
export { type LoopOptions, type StepReport, type Stream, train } from "./loop.js";
export { openRunFolder, type RunFolder, writeAtomically } from "./run-folder.js";
