import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { UserError } from "../errors.js";
import { testedVersion } from "../version.js";
import type { Runtime } from "./segmenter.js";

// ONNX Runtime is large (290 MB in Node), so it is an optional peer dependency, to be installed by users
// who run exported networks.

/** ONNX Runtime in Node; undefined if it is not installed. */
export async function findOnnxRuntime(): Promise<Runtime | undefined> {
  try {
    return await import("onnxruntime-node");
  } catch (error) {
    if (isMissing(error, "onnxruntime-node")) return undefined;
    throw error;
  }
}

/**
 * ONNX Runtime in Node.
 * @throws UserError if it is not installed
 */
export async function onnxRuntime(): Promise<Runtime> {
  const found = await findOnnxRuntime();
  if (found) return found;
  throw new UserError(
    "not-installed",
    `onnxruntime-node, which runs ONNX files, is not installed: run ${install("onnxruntime-node")}`,
  );
}

/**
 * The folder of ONNX Runtime's WebAssembly.
 * @throws UserError if it is not installed, or is not the version that the page was built with
 */
export function webAssemblyFolder(): string {
  const folder = resolved("onnxruntime-web");
  if (folder === undefined) {
    throw new UserError(
      "not-installed",
      `onnxruntime-web, which the page runs, is not installed: run ${install("onnxruntime-web")}`,
    );
  }
  const { version } = JSON.parse(readFileSync(join(folder, "../package.json"), "utf8"));
  if (version !== testedVersion("onnxruntime-web")) {
    throw new UserError(
      "not-installed",
      `onnxruntime-web is ${version}, but the page needs the version it was built with: run ` +
        install("onnxruntime-web"),
    );
  }
  return folder;
}

/**
 * The command that installs a package without its install script: that of onnxruntime-node downloads
 * CUDA libraries, which are not used here, and npm fails if their server cannot be reached.
 */
export const install = (name: string): string =>
  `\`npm install --ignore-scripts ${name}@${testedVersion(name)}\``;

function resolved(name: string): string | undefined {
  try {
    return dirname(createRequire(import.meta.url).resolve(name));
  } catch (error) {
    if (isMissing(error, name)) return undefined;
    throw error;
  }
}

function isMissing(error: unknown, name: string): boolean {
  const { code, message } = error as NodeJS.ErrnoException;
  return /^(ERR_)?MODULE_NOT_FOUND$/.test(code ?? "") && message.includes(`'${name}'`);
}
