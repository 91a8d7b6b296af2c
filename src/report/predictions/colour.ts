import { colorize } from "../../datasets/colorize.js";
import { writeRgb } from "../pictures.js";
import { perImage } from "./format.js";

/** The colours of the classes as an RGB PNG. */
export const colour = perImage({ labels: ".png" }, (classes) => async (labelled, to) => {
  const { labels, ...size } = labelled;
  await writeRgb(to.labels, colorize(labels, classes), size);
});
