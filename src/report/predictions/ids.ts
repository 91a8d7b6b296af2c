import { join } from "node:path";
import { writeLabelled } from "../labelled-image.js";
import { type PredictionFormat, perImage } from "./format.js";

/** Train ids as a grey PNG, and the image under the colours of the classes as a JPEG. */
export const ids: PredictionFormat = (out, classes) =>
  perImage(async ({ name }, labelled) => {
    const to = { labels: join(out, `${name}.png`), overlay: join(out, `${name}-overlay.jpg`) };
    await writeLabelled(labelled, classes, to);
    return to;
  });
