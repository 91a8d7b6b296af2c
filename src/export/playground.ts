import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { requireImage } from "../datasets/files/image-kind.js";
import { UserError } from "../errors.js";
import { isFile } from "../regular-file.js";
import { copyAtomically, writeAtomically } from "../write-atomically.js";
import { webAssemblyFolder } from "./onnx-runtime.js";

/** The content of a playground, besides the page itself. */
export interface PlaygroundParts {
  /** One network, or two to compare, with the names that the page shows. */
  readonly models: readonly { readonly name: string; readonly model: Uint8Array }[];
  /** Image files that the page offers. */
  readonly samples: readonly string[];
}

const PAGE = fileURLToPath(new URL("../../dist/web/playground/", import.meta.url));

/** ONNX Runtime's WebAssembly: for the CPU, and for GPUs through WebGPU. */
const RUNTIME = ["ort-wasm-simd-threaded", "ort-wasm-simd-threaded.asyncify"];

/** Written last: a folder that has it is a complete playground. */
export const CONTENTS = "playground.json";

/**
 * Writes a folder that any web server can serve: the page, ONNX Runtime, the models, the samples.
 * @throws UserError if the page is not built, ONNX Runtime is not installed, or a sample is not an image
 */
export async function writePlayground(
  out: string,
  { models, samples }: PlaygroundParts,
): Promise<void> {
  if (!existsSync(join(PAGE, "index.html"))) {
    throw new UserError(
      "not-installed",
      `the page of the playground is not built (${PAGE} is missing): run \`npx cfcontra setup\``,
    );
  }
  const runtime = webAssemblyFolder();
  const pictures = samples.map((path, i) => ({
    path,
    file: `samples/${i + 1}.${requireImage(path).toLowerCase()}`,
  }));
  for (const file of filesOf(PAGE)) copyAtomically(join(PAGE, file), join(out, file));
  for (const name of RUNTIME) {
    for (const file of [`${name}.mjs`, `${name}.wasm`]) {
      copyAtomically(join(runtime, file), join(out, "ort", file));
    }
  }
  const listed = models.map(({ name, model }, i) => {
    const file = `models/${i + 1}.onnx`;
    writeAtomically(join(out, file), model);
    return { name, file };
  });
  for (const { path, file } of pictures) copyAtomically(path, join(out, file));
  const contents = { models: listed, samples: pictures.map(({ file }) => file) };
  writeAtomically(join(out, CONTENTS), `${JSON.stringify(contents, null, 2)}\n`);
}

/** Files in a folder and its folders, relative to it. */
const filesOf = (folder: string): string[] =>
  (readdirSync(folder, { recursive: true }) as string[]).filter((path) =>
    isFile(join(folder, path)),
  );
