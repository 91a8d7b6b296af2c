import { existsSync } from "node:fs";
import { join } from "node:path";

/**
 * Whether a command line runs libtorch. What only uses exported models or reads run folders does not:
 * it is for machines that have neither libtorch nor a compiler.
 * @param {readonly string[]} argv
 */
export function needsEngine([command, ...args]) {
  if (command === "dashboard") return false;
  if (command === "predict") return !args.some((arg) => /^--onnx(=|$)/.test(arg));
  if (command === "playground") {
    return args.some((arg) => arg.endsWith(".safetensors") || existsSync(join(arg, "config.yaml")));
  }
  return true;
}
