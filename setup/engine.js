/**
 * Whether a command line runs libtorch. `predict --onnx` does not: it is for machines that have
 * neither libtorch nor a compiler.
 */
export function needsEngine([command, ...args]) {
  return !(command === "predict" && args.some((arg) => /^--onnx(=|$)/.test(arg)));
}
