import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { encode } from "fast-png";
import sharp from "sharp";
import { cityscapes19 } from "../../src/datasets/class-sets.js";
import type { Size } from "../../src/datasets/dataset.js";

/**
 * Small data sets in the layouts and encodings of the published ones. Every sample is a plain
 * scene in Cityscapes classes: sky above, building left, vegetation right, road below, a car on it.
 */
export const fixtureSize: Size = { width: 64, height: 32 };

/** Runs `use` with an empty folder that is removed afterwards. */
export async function inTemporaryFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), "cfcontra-"));
  try {
    return await use(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Cityscapes train ids of fixture scene `index`, [height * width]; its first pixel is ignored. */
export function sceneLabel(index: number, { width, height }: Size = fixtureSize): Uint8Array {
  const label = new Uint8Array(width * height);
  const carLeft = ((index * 7) % Math.max(1, width - 12)) + 2;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      let id = y < height * 0.35 ? 10 : x < width * 0.5 ? 2 : 8;
      if (y >= height * 0.6) id = 0;
      if (y >= height * 0.55 && y < height * 0.75 && x >= carLeft && x < carLeft + 10) id = 13;
      label[y * width + x] = id;
    }
  }
  label[0] = 255;
  return label;
}

/** Pixels for a label: class colours with a little structure, [height * width * 3]. */
export function sceneImage(label: Uint8Array, seed: number): Uint8Array {
  const image = new Uint8Array(label.length * 3);
  for (let at = 0; at < image.length; at++) {
    const color = cityscapes19.colors[label[(at / 3) | 0] as number] ?? [0, 0, 0];
    const grain = ((Math.imul(at + 1, 2654435761) >>> (8 + (seed % 8))) & 31) - 16;
    image[at] = Math.min(255, Math.max(0, (color[at % 3] as number) + grain));
  }
  return image;
}

/** Writes an image in the format of its extension. */
export async function writeImage(path: string, data: Uint8Array, size: Size): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await sharp(data, { raw: { ...size, channels: 3 } }).toFile(path);
}

/** How a label is laid down in its PNG. */
export type LabelEncoding = "grey" | "palette" | "rgb16";

/** Writes ids as a PNG. */
export async function writeLabel(
  path: string,
  ids: Uint8Array,
  size: Size,
  encoding: LabelEncoding = "grey",
): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, encodeLabel(ids, size, encoding));
}

/** The bytes of a PNG of these ids. */
export function encodeLabel(ids: Uint8Array, size: Size, encoding: LabelEncoding): Uint8Array {
  if (encoding === "grey") return encode({ ...size, channels: 1, depth: 8, data: ids });
  if (encoding === "palette") {
    const palette = Array.from({ length: 256 }, (_, id) => [id ^ 0x55, (id * 91) & 255, 255 - id]);
    return encode({ ...size, channels: 1, depth: 8, data: ids, palette });
  }
  const data = new Uint16Array(ids.length * 3);
  for (const [pixel, id] of ids.entries()) {
    data[pixel * 3] = id;
    data[pixel * 3 + 1] = pixel % 700; // instance ids
  }
  return encode({ ...size, channels: 3, depth: 16, data });
}

/** Cityscapes label id of each train id. */
export const cityscapesId = [
  7, 8, 11, 12, 13, 17, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 31, 32, 33,
];
/** SYNTHIA id of the train ids in the scene. */
const synthiaId: Record<number, number> = { 0: 3, 2: 2, 8: 6, 10: 1, 13: 8 };
/** CamVid id of the train ids in the scene. */
const camvidId: Record<number, number> = { 0: 3, 2: 1, 8: 5, 10: 0, 13: 8, 255: 11 };

/** GTA5: images/00001.png, labels/00001.png (8-bit palette). Returns the sample names. */
export async function makeGta5(root: string, count: number, size = fixtureSize): Promise<string[]> {
  return makeScenes(count, size, async (index, label, image) => {
    const name = String(index + 1).padStart(5, "0");
    await writeImage(join(root, "images", `${name}.png`), image, size);
    const ids = label.map((id) => cityscapesId[id] ?? 0);
    await writeLabel(join(root, "labels", `${name}.png`), ids, size, "palette");
    return name;
  });
}

/** SYNTHIA-RAND-CITYSCAPES: RGB/0000000.png, GT/LABELS/0000000.png (16-bit RGB). */
export async function makeSynthia(
  root: string,
  count: number,
  size = fixtureSize,
): Promise<string[]> {
  return makeScenes(count, size, async (index, label, image) => {
    const name = String(index).padStart(7, "0");
    await writeImage(join(root, "RGB", `${name}.png`), image, size);
    const ids = label.map((id) => synthiaId[id] ?? 0);
    await writeLabel(join(root, "GT", "LABELS", `${name}.png`), ids, size, "rgb16");
    return name;
  });
}

/** Cityscapes: leftImg8bit/{split}/{city}, gtFine/{split}/{city} (8-bit grey); two cities. */
export async function makeCityscapes(
  root: string,
  count: number,
  split: "train" | "val" | "test" = "train",
  size = fixtureSize,
): Promise<string[]> {
  return makeScenes(count, size, async (index, label, image) => {
    const city = index % 2 === 0 ? "aachen" : "bochum";
    const name = `${city}_${String(index).padStart(6, "0")}_000019`;
    const images = join(root, "leftImg8bit", split, city);
    await writeImage(join(images, `${name}_leftImg8bit.png`), image, size);
    const labels = join(root, "gtFine", split, city);
    const ids = label.map((id) => cityscapesId[id] ?? 0);
    await writeLabel(join(labels, `${name}_gtFine_labelIds.png`), ids, size);
    // gtFine has other files, too:
    await writeLabel(join(labels, `${name}_gtFine_instanceIds.png`), ids, size);
    return name;
  });
}

/** CamVid: {split}/*.jpg, {split}annot/*.png (8-bit grey), and list.txt of all samples. */
export async function makeCamvid(
  root: string,
  count: number,
  split: "train" | "val" | "test" = "train",
  size = fixtureSize,
): Promise<string[]> {
  const names = await makeScenes(count, size, async (index, label, image) => {
    const frame = `0016E5_${String(index * 30).padStart(5, "0")}`;
    await writeImage(join(root, split, `${frame}.jpg`), image, size);
    const ids = label.map((id) => camvidId[id] ?? 11);
    await writeLabel(join(root, `${split}annot`, `${frame}.png`), ids, size);
    return `${split}/${frame}`;
  });
  await writeFile(join(root, "list.txt"), `${names.join("\n")}\n`);
  return names;
}

async function makeScenes(
  count: number,
  size: Size,
  write: (index: number, label: Uint8Array, image: Uint8Array) => Promise<string>,
): Promise<string[]> {
  const names: string[] = [];
  for (let index = 0; index < count; index++) {
    const label = sceneLabel(index, size);
    names.push(await write(index, label, sceneImage(label, index)));
  }
  return names.sort();
}

/** What `tiny` of test/cli trains and evaluates on: GTA5, Cityscapes and CamVid below `root`. */
export async function makeDomains(root: string, samples = 3, evaluated = 2): Promise<void> {
  await Promise.all([
    makeGta5(join(root, "gta5"), samples),
    makeCityscapes(join(root, "cityscapes"), samples),
    makeCamvid(join(root, "camvid"), evaluated),
  ]);
}

/** Five samples of which three have a fault each; the two others are sound. */
export async function makeFaulty(root: string): Promise<void> {
  const image = new Uint8Array(64 * 32 * 3).fill(90);
  const label = new Uint8Array(64 * 32).fill(13);
  for (const name of ["a", "b", "c", "d", "e"]) {
    await writeImage(join(root, "images", `${name}.png`), image, fixtureSize);
    await writeLabel(join(root, "labels", `${name}.png`), label, fixtureSize);
  }
  const truncated = await readFile(join(root, "images", "a.png"));
  await writeFile(join(root, "images", "a.png"), truncated.subarray(0, truncated.length / 2));
  const stray = label.slice().fill(77, 100, 101);
  await writeLabel(join(root, "labels", "c.png"), stray, fixtureSize);
  const small = { width: 32, height: 16 };
  await writeLabel(join(root, "labels", "d.png"), label.slice(0, 32 * 16), small);
}
