import { open, readFile } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { z } from "zod";
import { UserError } from "../../errors.js";
import { writeAtomically } from "../../write-atomically.js";
import { cityscapes19 } from "../class-sets.js";
import type { Dataset, Sample, Size } from "../dataset.js";
import type { DatasetType } from "../files/file-dataset.js";
import { readImage } from "../files/images.js";
import { identityMap, toTrainIds } from "../files/label-maps.js";
import { readLabel, resizeNearest } from "../files/labels.js";
import type { Domain } from "./domain.js";
import { renderScene } from "./render.js";
import { makeScene } from "./scene.js";

/** The pictures are frozen under this number: any change to them takes a new one. */
export const STREETS_VERSION = 1;

/** Half of a pair: what is trained on and what is measured on share no scene. */
export type Split = "train" | "test";

/** Which pictures to make, and how large: 320x160 when omitted. */
export interface StreetsOptions {
  readonly domain: Domain;
  readonly split: Split;
  readonly count: number;
  readonly size?: Size;
  /** Called after each picture, those already there included. */
  readonly onProgress?: (done: number, total: number) => void;
}

/** As StreetsOptions; `labelled: false` leaves the labels unread. */
export interface OpenStreetsOptions extends StreetsOptions {
  readonly labelled?: boolean;
}

/** Names have six digits. */
const MOST = 1_000_000;

/** Options of the built-in pair of domains, which is drawn where it is missing. */
const schema = z.strictObject({
  type: z.literal("streets"),
  /** Folder to draw into. */
  root: z.string().default(`streets-v${STREETS_VERSION}`),
  domain: z.enum(["source", "target"]),
  split: z.enum(["train", "test"]).default("train"),
  /** Number of scenes. */
  count: z.number().int().min(1).max(MOST),
  labelled: z.boolean().default(true),
});

/** Streets as a configuration names it. */
export const streets: DatasetType = {
  schema,
  classes: () => cityscapes19,
  open(options: z.infer<typeof schema>, onProgress) {
    const name = `drawing streets, ${options.domain} ${options.split}`;
    return openStreets(options.root, {
      ...options,
      onProgress: (done, total) => onProgress?.(name, done, total),
    });
  },
};

const DEFAULT_SIZE: Size = { width: 320, height: 160 };
const SEEDS: Readonly<Record<Split, number>> = { train: 1, test: 2 };
const CLAIM = "streets.json";
/** More than the cores of a small machine, so that encoding overlaps with drawing. */
const IN_FLIGHT = 4;
const IDS = identityMap(cityscapes19.names.length, "error");

/**
 * Writes `root/<domain>/<split>/images/000000.png` (RGB) and `labels/000000.png` (8-bit grey, train
 * ids) for the first `count` scenes. Whole files that are there already are kept.
 * @throws UserError where the folder holds pictures of another version or size
 */
export async function makeStreets(root: string, options: StreetsOptions): Promise<void> {
  const { domain, split, count, size = DEFAULT_SIZE, onProgress } = options;
  if (!Number.isInteger(count) || count < 1) {
    throw new UserError(
      "invalid-value",
      `streets: count is ${count}; it must be a whole number above 0.`,
    );
  }
  const folder = join(root, domain, split);
  await claim(folder, size);
  let [next, done] = [0, 0];
  const worker = async () => {
    while (next < count) {
      const index = next++;
      await makePicture(folder, domain, SEEDS[split], index, size);
      onProgress?.(++done, count);
    }
  };
  await Promise.all(Array.from({ length: Math.min(IN_FLIGHT, count) }, worker));
}

/** Makes what is missing and opens it as a data set with the 19 Cityscapes classes. */
export async function openStreets(root: string, options: OpenStreetsOptions): Promise<Dataset> {
  const { domain, split, count, labelled = true } = options;
  await makeStreets(root, options);
  const folder = join(root, domain, split);
  const names = Array.from({ length: count }, (_, index) => nameOf(index));
  return {
    name: `streets ${domain} ${split} (${folder})`,
    classes: cityscapes19,
    labelled,
    names,
    files: {
      root,
      of: (index) => {
        const file = `${names[index]}.png`;
        const image = join(folder, "images", file);
        return labelled ? { image, label: join(folder, "labels", file) } : { image };
      },
      beside: [join(folder, CLAIM)],
    },
    async load(index, size): Promise<Sample> {
      const name = names[index];
      if (name === undefined) throw new RangeError(`sample ${index} of ${count}`);
      const path = join(folder, "labels", `${name}.png`);
      const [image, label] = await Promise.all([
        readImage(join(folder, "images", `${name}.png`), size),
        labelled ? readLabel(path) : undefined,
      ]);
      const { width, height, data } = image;
      const sample = { name, width, height, image: data };
      if (!label) return sample;
      const ids = resizeNearest(toTrainIds(label, IDS, path), label, { width, height });
      return { ...sample, label: ids };
    },
  };
}

function nameOf(index: number): string {
  return String(index).padStart(6, "0");
}

/** A folder holds pictures of one version and size; the first to write it says which. */
async function claim(folder: string, size: Size): Promise<void> {
  const path = join(folder, CLAIM);
  const wanted = `${JSON.stringify({ version: STREETS_VERSION, width: size.width, height: size.height })}\n`;
  const found = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  if (found === undefined) return writeAtomically(path, wanted);
  if (found.trim() !== wanted.trim()) {
    throw new UserError(
      "already-exists",
      `${path}: the folder holds pictures of ${found.trim()}, but ${wanted.trim()} was asked for: delete ${folder} or choose another folder.`,
    );
  }
}

async function makePicture(
  folder: string,
  domain: Domain,
  seed: number,
  index: number,
  size: Size,
): Promise<void> {
  const file = `${nameOf(index)}.png`;
  const paths = { image: join(folder, "images", file), label: join(folder, "labels", file) };
  if ((await isWhole(paths.image)) && (await isWhole(paths.label))) return;
  const { image, label } = await renderScene(makeScene(domain, seed, index), size);
  const { width, height } = size;
  // Noise hardly compresses: the fastest level costs a few per cent of space.
  const rgb = sharp(image, { raw: { width, height, channels: 3 } }).png({ compressionLevel: 1 });
  const grey = sharp(label, { raw: { width, height, channels: 1 } })
    .toColourspace("b-w")
    .png({ compressionLevel: 4 });
  await Promise.all([
    rgb.toBuffer().then((bytes) => writeAtomically(paths.image, bytes)),
    grey.toBuffer().then((bytes) => writeAtomically(paths.label, bytes)),
  ]);
}

const PNG_END = Buffer.from([0x49, 0x45, 0x4e, 0x44, 0xae, 0x42, 0x60, 0x82]);

/** Whether a PNG is there and ends as PNG files end. */
async function isWhole(path: string): Promise<boolean> {
  const file = await open(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  if (!file) return false;
  try {
    const { size } = await file.stat();
    const tail = Buffer.alloc(PNG_END.length);
    await file.read(tail, 0, tail.length, Math.max(0, size - tail.length));
    return tail.equals(PNG_END);
  } finally {
    await file.close();
  }
}
