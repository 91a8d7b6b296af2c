import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { z } from "zod";
import { UserError } from "../../errors.js";
import { inFlight } from "../../in-flight.js";
import { printable } from "../../printable.js";
import { writeAtomically } from "../../write-atomically.js";
import { cityscapes19 } from "../class-sets.js";
import type { Dataset, Sample, Size } from "../dataset.js";
import type { DatasetType } from "../files/file-dataset.js";
import { readImage } from "../files/images.js";
import { identityMap } from "../files/label-maps.js";
import { readRegular, whyUnreadable } from "../files/regular-file.js";
import { readTrainIds, trainIdsBy } from "../files/train-ids.js";
import type { Workers } from "../workers.js";
import type { Domain } from "./domain.js";
import { renderScene } from "./render.js";
import { makeScene } from "./scene.js";

/** Version of the pictures. Any change to them needs a new number. */
export const STREETS_VERSION = 1;

/** Training and test scenes; they do not overlap. */
export type Split = "train" | "test";

/** Which pictures to draw, and their size: 320x160 by default. */
export interface StreetsOptions {
  readonly domain: Domain;
  readonly split: Split;
  readonly count: number;
  readonly size?: Size;
  /** Called after each picture, including those that exist. */
  readonly onProgress?: (done: number, total: number) => void;
}

/** As StreetsOptions; `labelled: false` does not read labels. */
export interface OpenStreetsOptions extends StreetsOptions {
  readonly labelled?: boolean;
}

const MOST_SCENES = 1_000_000;

/** Options of the built-in pair of domains, which is drawn if it is missing. */
const schema = z.strictObject({
  type: z.literal("streets"),
  /** Folder to draw into. */
  root: z.string().default(`streets-v${STREETS_VERSION}`),
  domain: z.enum(["source", "target"]),
  split: z.enum(["train", "test"]).default("train"),
  /** Number of scenes, whose file names have six digits. */
  count: z.number().int().min(1).max(MOST_SCENES),
  labelled: z.boolean().default(true),
});

/** Streets, for configurations. */
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
 * ids) for the first `count` scenes. Complete files that exist are kept.
 * @throws UserError if the folder has pictures of another version or size, or cannot be written
 */
export async function makeStreets(root: string, options: StreetsOptions): Promise<void> {
  const { domain, split, count, size = DEFAULT_SIZE, onProgress } = options;
  if (!Number.isInteger(count) || count < 1 || count > MOST_SCENES) {
    throw new UserError(
      "invalid-value",
      `streets: count is ${count}: set a whole number from 1 to ${MOST_SCENES}.`,
    );
  }
  const folder = join(root, domain, split);
  await claim(folder, size);
  let done = 0;
  await inFlight(count, IN_FLIGHT, async (index) => {
    await makePicture(folder, domain, SEEDS[split], index, size);
    onProgress?.(++done, count);
  });
}

/** Draws missing pictures and opens the folder as a data set with the 19 Cityscapes classes. */
export async function openStreets(root: string, options: OpenStreetsOptions): Promise<Dataset> {
  const { domain, split, count, labelled = true } = options;
  await makeStreets(root, options);
  const folder = join(root, domain, split);
  const names = Array.from({ length: count }, (_, index) => nameOf(index));
  return {
    name: printable(`streets ${domain} ${split} (${folder})`),
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
    async load(index, size, workers): Promise<Sample> {
      const name = names[index];
      if (name === undefined) throw new RangeError(`sample ${index} of ${count}`);
      const path = join(folder, "labels", `${name}.png`);
      const [image, label] = await Promise.all([
        readImage(join(folder, "images", `${name}.png`), size),
        labelled ? labelAt(path, size, workers) : undefined,
      ]);
      const { width, height, data } = image;
      const sample = { name, width, height, image: data };
      return label ? { ...sample, label: label.trainIds } : sample;
    },
  };
}

/** Train ids of a label; a worker reads it, if given. */
const labelAt = async (path: string, size?: Size, workers?: Workers) =>
  (workers && (await trainIdsBy(workers, path, IDS, size))) ?? readTrainIds(path, IDS, size);

function nameOf(index: number): string {
  return String(index).padStart(6, "0");
}

/** Records version and size in a new folder; a folder has pictures of one version and size only. */
async function claim(folder: string, size: Size): Promise<void> {
  const path = join(folder, CLAIM);
  const wanted = `${JSON.stringify({ version: STREETS_VERSION, width: size.width, height: size.height })}\n`;
  const bytes = await readRegular(path).catch(unlessMissing(path));
  if (bytes === undefined) return writeAtomically(path, wanted);
  const found = bytes.toString("utf8");
  if (found.trim() !== wanted.trim()) {
    throw new UserError(
      "already-exists",
      `${path}: the folder has pictures of ${found.trim()}, not of ${wanted.trim()}: delete ${folder} or choose another folder.`,
    );
  }
}

/** Returns undefined for a missing file, and throws a UserError for any other error. */
const unlessMissing = (path: string) => (error: NodeJS.ErrnoException) => {
  if (error.code === "ENOENT") return undefined;
  throw new UserError("not-readable", `${path} cannot be read (${whyUnreadable(error)}).`, {
    cause: error,
  });
};

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
  // Noise hardly compresses: the fastest level takes a few per cent more space.
  const rgb = sharp(image, { raw: { width, height, channels: 3 } }).png({ compressionLevel: 1 });
  const grey = sharp(label, { raw: { width, height, channels: 1 } })
    .toColourspace("b-w")
    .png({ compressionLevel: 4 });
  const [imageBytes, labelBytes] = await Promise.all([rgb.toBuffer(), grey.toBuffer()]);
  writeAtomically(paths.image, imageBytes);
  writeAtomically(paths.label, labelBytes);
}

const PNG_END = Buffer.from([0x49, 0x45, 0x4e, 0x44, 0xae, 0x42, 0x60, 0x82]);

/** Whether a PNG exists and is complete. */
async function isWhole(path: string): Promise<boolean> {
  const flags = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0); // does not wait for a pipe
  const file = await open(path, flags).catch(unlessMissing(path));
  if (!file) return false;
  try {
    const stats = await file.stat();
    if (!stats.isFile()) return false;
    const tail = Buffer.alloc(PNG_END.length);
    await file.read(tail, 0, tail.length, Math.max(0, stats.size - tail.length));
    return tail.equals(PNG_END);
  } finally {
    await file.close();
  }
}
