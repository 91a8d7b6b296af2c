export { autocast, gradEnabled, gradients, noGrad, type Precision } from "./autograd.js";
export type { Dtype, TypedArray } from "./dtype.js";
export {
  type Argument,
  inPlace,
  type Listener,
  listening,
  operator,
  operators,
  schema,
} from "./operator.js";
export * from "./ops.js";
export {
  alone,
  type GradientExchange,
  joinProcessGroup,
  type Place,
  type ProcessGroup,
} from "./process-group.js";
export { type PyTorchFile, readPyTorch } from "./pytorch.js";
export { writePyTorch } from "./pytorch-write.js";
export {
  hasCuda,
  libtorchVersion,
  liveMemory,
  manualSeed,
  randomState,
  setRandomState,
  setThreads,
  threads,
} from "./runtime.js";
export { readSafetensors, type TensorMap, writeSafetensors } from "./safetensors.js";
export { dispose, keep, scope } from "./scope.js";
export { type Operand, Tensor } from "./tensor.js";
export { PYTORCH_FILE, readTensors, type TensorFile, writeTensors } from "./tensor-file.js";
