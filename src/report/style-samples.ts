import { join } from "node:path";
import type { Dataset, Size } from "../datasets/dataset.js";
import type { Transform } from "../datasets/loader.js";
import { writeAtomically } from "../write-atomically.js";
import { jpeg } from "./pictures.js";

const SHOWN = 4;

/** Writes a few images of a domain before and after the coarse stage: `style/000-content.jpg`, ... */
export async function writeStyleSamples(
  folder: string,
  dataset: Dataset,
  size: Size,
  restyle: Transform,
): Promise<void> {
  for (let i = 0; i < Math.min(SHOWN, dataset.names.length); i++) {
    const content = await dataset.load(i, size);
    const result = await restyle(content, i);
    const stem = join(folder, "style", String(i).padStart(3, "0"));
    writeAtomically(`${stem}-content.jpg`, await jpeg(content.image, size));
    writeAtomically(`${stem}-result.jpg`, await jpeg(result.image, size));
  }
}
