import { join } from "node:path";
import { writeAtomically } from "../../write-atomically.js";
import { cocoRegions } from "./coco-rle.js";
import type { PredictionFormat } from "./format.js";

/**
 * One COCO file: an annotation per class and image, its region as RLE. A category's id is its train id + 1,
 * since ids begin at 1. https://cocodataset.org/#format-data
 */
export const coco: PredictionFormat = (out, { names }) => {
  const path = join(out, "coco.json");
  const images: object[] = [];
  const annotations: object[] = [];
  return {
    async add({ file }, { labels, ...size }) {
      const { width, height } = size;
      const image_id = images.length + 1;
      images.push({ id: image_id, width, height, file_name: file });
      for (const { trainId, counts, area, bbox } of cocoRegions(labels, size, names.length)) {
        annotations.push({
          ...{ id: annotations.length + 1, image_id, category_id: trainId + 1 },
          ...{ segmentation: { size: [height, width], counts }, area, bbox, iscrowd: 0 },
        });
      }
      return {};
    },
    async finish() {
      const categories = names.map((name, k) => ({ id: k + 1, name, supercategory: "" }));
      const info = { description: "predictions of cfcontra" };
      writeAtomically(
        path,
        JSON.stringify({ info, licenses: [], images, annotations, categories }),
      );
      return [path];
    },
    discard: () => {},
  };
};
