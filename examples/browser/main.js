// Segments a photo in the browser and paints its classes:
//
//     npx cfcontra export runs/streets-cfcontra-1 --out examples/browser/public/model.onnx
//     npx vite examples/browser
import { resized } from "cfcontra/pixels";
import { openSegmenter } from "cfcontra/segmenter";
import * as ort from "onnxruntime-web";

const model = await (await fetch("model.onnx")).arrayBuffer();
const segmenter = await openSegmenter(ort, new Uint8Array(model));
const { size, classes } = segmenter.info;

const input = /** @type {HTMLInputElement} */ (document.querySelector("input"));
const canvas = /** @type {HTMLCanvasElement} */ (document.querySelector("canvas"));
const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));

input.addEventListener("change", async () => {
  const photo = await createImageBitmap(/** @type {File} */ (input.files?.[0]));
  const { width, height } = photo;
  Object.assign(canvas, { width, height });
  context.drawImage(photo, 0, 0);
  const image = context.getImageData(0, 0, width, height);
  const { labels } = await segmenter.segment(resized(image, size), { output: image });
  for (const [i, label] of labels.entries()) image.data.set(classes[label]?.color ?? [], 4 * i);
  context.putImageData(image, 0, 0);
});
