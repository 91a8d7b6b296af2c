// The loader at the size of GTA5's images: how fast it reads, and how long training on a GPU waits for it.

import { mkdirSync } from "node:fs";
import { link } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { arithmeticOf } from "../../../dist/experiment/device.js";
import { workersOf } from "../../../dist/experiment/workers.js";
import { createLoader, openDataset } from "../../../dist/index.js";
import { createMethod } from "../../../dist/methods/index.js";
import { deeplabV2 } from "../../../dist/network/index.js";
import { useDevice } from "../../../dist/torch/index.js";
import { trainingSteps } from "../../../dist/train/index.js";
import { attempt, check, measured, skip } from "../report.js";
import { scene } from "../scene.js";
import { device, inScratch, isGpu, tiny } from "../settings.js";

const SIZE = tiny ? { width: 128, height: 72 } : { width: 1914, height: 1052 };
const TRAINED = tiny ? { width: 64, height: 32 } : { width: 1280, height: 640 };
const BATCH = tiny ? 2 : 4;
const WARMUP = tiny ? 1 : 5;
const STEPS = tiny ? 2 : 25;
const PICTURES = 8;
/** So many that no step finds a decoded image in the cache. */
const NAMES = BATCH * (WARMUP + STEPS + 12);
/** Cityscapes label id of each train id. */
const IDS = [7, 8, 11, 12, 13, 17, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 31, 32, 33];

/**
 * Writes a data set in GTA5's layout: some pictures, under many names.
 * @param {string} root
 */
async function writeGta5(root) {
  for (const folder of ["images", "labels"]) mkdirSync(join(root, folder), { recursive: true });
  const { width, height } = SIZE;
  await Promise.all(
    Array.from({ length: Math.min(PICTURES, NAMES) }, async (_, i) => {
      const { image, label } = scene(i, SIZE);
      const ids = label.map((id) => IDS[id] ?? 0);
      const name = nameOf(i);
      const raw = { width, height };
      await sharp(image, { raw: { ...raw, channels: 3 } }).toFile(join(root, "images", name));
      await sharp(ids, { raw: { ...raw, channels: 1 } })
        .toColourspace("b-w")
        .toFile(join(root, "labels", name));
    }),
  );
  for (let i = PICTURES; i < NAMES; i++) {
    for (const folder of ["images", "labels"]) {
      await link(join(root, folder, nameOf(i % PICTURES)), join(root, folder, nameOf(i)));
    }
  }
}

/** @param {number} i */
const nameOf = (i) => `${String(i + 1).padStart(5, "0")}.png`;

await inScratch(async (root) => {
  await attempt("the loader", async () => {
    await writeGta5(root);
    const dataset = await openDataset({ type: "gta5", root });
    const workers = workersOf({ train: { device } }, console.error);
    const options = { batch: BATCH, size: TRAINED, seed: 1, workers };

    const loader = createLoader(dataset, options);
    for (let i = 0; i < WARMUP; i++) await loader.next();
    const began = performance.now();
    for (let i = 0; i < STEPS; i++) await loader.next();
    const seconds = (performance.now() - began) / 1000;
    loader.close();
    const speed = { imagesPerSecond: (BATCH * STEPS) / seconds };
    measured(`labelled images of ${SIZE.width}x${SIZE.height}, as fast as possible`, speed);
    check("the loader reads every image", true, `${speed.imagesPerSecond.toFixed(1)} images/s`);

    const precision = /** @type {const} */ ("bfloat16");
    const train = { tf32: false, deterministic: false, graphs: true, precision };
    useDevice(device, arithmeticOf({ train }));
    const network = deeplabV2({
      ...{ backbone: tiny ? "resnet18" : "resnet101", width: tiny ? 0.25 : 1, classes: 19 },
      ...{ head: "moco", device },
    });
    const method = createMethod("minent", network, {}, { precision, warn: () => {} });
    const stream = { dataset, size: TRAINED, batch: BATCH };
    const both = { network, method, source: stream, target: stream };
    let [total, waiting] = [0, 0];
    const steps = WARMUP + STEPS;
    for await (const report of trainingSteps({ ...both, steps, rate: 1e-4, seed: 1, workers })) {
      if (report.step <= WARMUP) continue;
      total += report.seconds;
      waiting += report.waiting;
    }
    await workers?.close();
    const share = waiting / total;
    const size = `${TRAINED.width}x${TRAINED.height}, ${BATCH}+${BATCH}, bfloat16`;
    measured(`training at ${size}`, { secondsPerStep: total / STEPS, waiting: share });
    const title = "at most 3 % of a step waits for data";
    if (isGpu) check(title, share <= 0.03, `${(100 * share).toFixed(1)} %`);
    else skip(title, "needs a GPU");
  });
});
