import { generatorFrom } from "../../dist/datasets/random.js";

/** @typedef {import("../../dist/datasets/dataset.js").Sample} Sample */

const CLASSES = 19;
const BLOCKS = 8;

/**
 * A labelled image: blocks of random classes, each in a colour of its own, with grain. The same for a seed
 * and index on every machine.
 * @param {number} index
 * @param {{ width: number, height: number }} size
 * @returns {Sample & { label: Uint8Array }}
 */
export function scene(index, { width, height }) {
  const random = generatorFrom(1, index);
  const draw = () => random.next() >>> 8;
  const classes = Uint8Array.from({ length: BLOCKS * BLOCKS }, () => draw() % CLASSES);
  const label = new Uint8Array(width * height);
  const image = new Uint8Array(3 * width * height);
  for (let at = 0; at < label.length; at++) {
    const [x, y] = [at % width, Math.floor(at / width)];
    const block = Math.floor((y * BLOCKS) / height) * BLOCKS + Math.floor((x * BLOCKS) / width);
    const id = classes[block] ?? 0;
    label[at] = id;
    const grain = draw();
    for (let c = 0; c < 3; c++) {
      image[3 * at + c] = ((id + 1) * (37 + 50 * c) + ((grain >> (8 * c)) & 31)) % 256;
    }
  }
  return { name: `scene ${index}`, width, height, image, label };
}
