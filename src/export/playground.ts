import { copyFileSync, cpSync, existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { requireImage } from "../datasets/files/image-kind.js";
import { UserError, writing } from "../errors.js";
import { writeAtomically } from "../write-atomically.js";
import { webAssemblyFolder } from "./onnx-runtime.js";

/** What lies in a playground beside the page itself. */
export interface PlaygroundParts {
  /** One network, or the one before and the one after adaptation. */
  readonly models: readonly { readonly name: string; readonly model: Uint8Array }[];
  /** Image files to offer. */
  readonly samples: readonly string[];
}

const PAGE = fileURLToPath(new URL("../../dist/web/playground/", import.meta.url));

/** ONNX Runtime's WebAssembly: for the processor, and for graphics processors through WebGPU. */
const RUNTIME = ["ort-wasm-simd-threaded", "ort-wasm-simd-threaded.asyncify"];

/** What a folder must hold to be a playground. */
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
      `the page is not built (${PAGE} is missing): run \`npx cfcontra setup\``,
    );
  }
  const runtime = webAssemblyFolder();
  const pictures = samples.map((path, i) => ({ path, file: `samples/${i + 1}${extension(path)}` }));
  for (const { path } of pictures) requireImage(path);
  const copy = (from: string, file: string) =>
    writing(join(out, file), () => copyFileSync(from, join(out, file)));
  writing(out, () => {
    cpSync(PAGE, out, { recursive: true });
    for (const folder of ["ort", "samples"]) mkdirSync(join(out, folder), { recursive: true });
  });
  for (const name of RUNTIME) {
    for (const file of [`${name}.mjs`, `${name}.wasm`]) copy(join(runtime, file), `ort/${file}`);
  }
  const listed = models.map(({ name, model }, i) => {
    const file = `models/${i + 1}.onnx`;
    writeAtomically(join(out, file), model);
    return { name, file };
  });
  for (const { path, file } of pictures) copy(path, file);
  const contents = { models: listed, samples: pictures.map(({ file }) => file) };
  writeAtomically(join(out, CONTENTS), `${JSON.stringify(contents, null, 2)}\n`);
}

const extension = (path: string) => /\.[a-z]+$/i.exec(path)?.[0].toLowerCase() ?? "";
