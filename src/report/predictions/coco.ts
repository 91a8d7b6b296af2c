import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { ClassSet } from "../../datasets/dataset.js";
import { writing } from "../../errors.js";
import { writeDurably } from "../../write-atomically.js";
import { cocoRegions } from "./coco-rle.js";
import type { PredictionFormat, PredictionWriter } from "./format.js";
import { jsonList, jsonObject } from "./json-list.js";

const FILE = "coco.json";

/**
 * One COCO file: an annotation per class and image, its region as RLE. A category's id is its train id + 1,
 * since ids begin at 1. https://cocodataset.org/#format-data
 */
export const coco: PredictionFormat = { files: () => [FILE], writer };

function writer(out: string, { names }: ClassSet): PredictionWriter {
  const path = join(out, FILE);
  const [images, annotations] = [jsonList(), jsonList()];
  let [imageCount, annotationCount] = [0, 0];
  return {
    async add({ file }, { labels, ...size }) {
      const { width, height } = size;
      const image_id = ++imageCount;
      images.add({ id: image_id, width, height, file_name: file });
      for (const { trainId, counts, area, bbox } of cocoRegions(labels, size, names.length)) {
        annotations.add({
          ...{ id: ++annotationCount, image_id, category_id: trainId + 1 },
          ...{ segmentation: { size: [height, width], counts }, area, bbox, iscrowd: 0 },
        });
      }
      return {};
    },
    async finish() {
      const categories = names.map((name, k) => ({ id: k + 1, name, supercategory: "" }));
      const info = { description: "predictions of cfcontra" };
      writing(path, () => mkdirSync(out, { recursive: true }));
      writeDurably(path, jsonObject({ info, licenses: [], categories, images, annotations }));
      return [path];
    },
    discard: () => {},
  };
}
