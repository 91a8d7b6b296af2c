import { dirname, relative, resolve, sep } from "node:path";
import { writeAtomically } from "../../write-atomically.js";
import { perImage } from "./format.js";
import { regionsOf } from "./regions.js";
import { simplified } from "./simplify.js";

/** The version of LabelMe whose files these are. */
const VERSION = "5.4.1";
/** Most pixels between an outline and its polygon. */
const TOLERANCE = 1;
/** Pixels of the smallest region: smaller ones would have to be deleted by hand. */
const LEAST = 16;

/**
 * A JSON file of LabelMe for each image, with a polygon for each region. Polygons have no holes: what lies
 * in a hole follows, and covers it. https://github.com/wkentaro/labelme
 */
export const labelme = perImage(
  { labels: ".json" },
  ({ names }) =>
    async ({ labels, ...size }, { labels: file }, { path }) => {
      const shapes = regionsOf(labels, size, LEAST)
        .filter(({ label }) => label < names.length)
        .map(({ label, outline }) => ({
          ...{ label: names[label], points: simplified(outline, TOLERANCE), group_id: null },
          ...{ description: "", shape_type: "polygon", flags: {} },
        }));
      const imagePath = relative(resolve(dirname(file)), resolve(path))
        .split(sep)
        .join("/");
      const image = {
        imagePath,
        imageData: null,
        imageHeight: size.height,
        imageWidth: size.width,
      };
      writeAtomically(
        file,
        JSON.stringify({ version: VERSION, flags: {}, shapes, ...image }, null, 2),
      );
    },
);
