export { autocast, gradEnabled, gradients, noGrad, type Precision } from "./autograd.js";
export { bilinearWeights } from "./bilinear-weights.js";
export { constant } from "./constant.js";
export * from "./creation.js";
export { CAPTURED_CALL, type CudaGraph, cudaGraph, type Tensors } from "./cuda-graph.js";
export {
  capturesSteps,
  cudaVersion,
  cudnnVersion,
  DEVICE_NAME,
  type DeviceArithmetic,
  deviceNamed,
  deviceOfProcess,
  driverVersion,
  gpuCount,
  gpuIndex,
  hasCuda,
  isGpu,
  isIdle,
  isShared,
  type LocalProcess,
  storesChannelsLast,
  useDevice,
} from "./device.js";
export {
  type DeviceMemory,
  deviceCapacity,
  deviceMebibytes,
  deviceMemory,
  deviceName,
  resetDevicePeak,
} from "./device-memory.js";
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
export { readScalars, type Scalar } from "./read-scalars.js";
export {
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
export { countHostReads, type Operand, Tensor } from "./tensor.js";
export { PYTORCH_FILE, readTensors, type TensorFile, writeTensors } from "./tensor-file.js";
