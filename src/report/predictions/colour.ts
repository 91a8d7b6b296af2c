import { join } from "node:path";
import { colorize } from "../../datasets/colorize.js";
import { writeRgb } from "../pictures.js";
import { type PredictionFormat, perImage } from "./format.js";

/** The colours of the classes as an RGB PNG. */
export const colour: PredictionFormat = (out, classes) =>
  perImage(async ({ name }, { labels, ...size }) => {
    const path = join(out, `${name}.png`);
    await writeRgb(path, colorize(labels, classes), size);
    return { labels: path };
  });
