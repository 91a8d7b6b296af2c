// Labels an image with an exported network, without libtorch:
//
//     npx cfcontra export runs/streets-cfcontra-1 --out model.onnx
//     node examples/node/predict.js model.onnx photo.jpg
import { openModel } from "cfcontra/onnx";

const [file = "model.onnx", photo = "photo.jpg"] = process.argv.slice(2);
const model = await openModel(file);
const { labels, width, height } = await model.predict(photo);

const pixels = new Array(model.info.classes.length).fill(0);
for (const label of labels) pixels[label]++;

console.log(`${photo}, ${width} x ${height}, by ${model.info.title}`);
for (const [label, { name }] of model.info.classes.entries()) {
  const share = (100 * pixels[label]) / labels.length;
  if (share >= 0.05) console.log(`${share.toFixed(1).padStart(5)} %  ${name}`);
}
await model.release();
