import { existsSync } from "node:fs";
import { join } from "node:path";

/** Commands that need neither libtorch nor a compiler. */
const WITHOUT = ["completion", "dashboard", "help"];
const ASKS = ["--help", "-h", "--version"];

/**
 * Whether a command line needs libtorch. Help does not, and neither do commands that only use exported
 * models or read run folders.
 * @param {readonly string[]} argv
 */
export function needsEngine(argv) {
  if (argv.length === 0 || argv.some((arg) => ASKS.includes(arg))) return false;
  const [command = "", ...args] = argv.filter((arg) => arg !== "--debug");
  if (WITHOUT.includes(command)) return false;
  if (command === "predict") return !args.some((arg) => /^--onnx(=|$)/.test(arg));
  if (command === "playground") {
    return args.some((arg) => arg.endsWith(".safetensors") || existsSync(join(arg, "config.yaml")));
  }
  return true;
}
