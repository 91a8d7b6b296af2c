export { type ModelInfo, modelInfo } from "./model-info.js";
export type { Storage } from "./onnx-builder.js";
export { type OnnxOptions, onnxModel } from "./to-onnx.js";
