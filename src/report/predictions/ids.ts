import { writeLabelled } from "../labelled-image.js";
import { perImage } from "./format.js";

/** Train ids as a grey PNG, and the image under the colours of the classes as a JPEG. */
export const ids = perImage(
  { labels: ".png", overlay: "-overlay.jpg" },
  (classes) => (labelled, to) => writeLabelled(labelled, classes, to),
);
