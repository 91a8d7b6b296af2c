import sharp, { type Metadata, type Sharp, type SharpOptions } from "sharp";
import { UserError } from "../../errors.js";
import type { Size } from "../dataset.js";
import { resized } from "../resized.js";
import { requireImage, unreadableImage } from "./image-kind.js";
import { MOST_PIXELS } from "./png.js";
import { whyUnreadable } from "./regular-file.js";

// Many images are decoded at a time, with one thread each: more threads per image would slow training
// down. Images are rarely read twice in a row, so libvips does not need to cache them.
sharp.concurrency(1);
sharp.cache(false);

/** A decoded image. */
export interface Image extends Size {
  /** RGB, row-major, [height * width * 3]. */
  readonly data: Uint8Array;
  /** Size before resizing. */
  readonly original: Size;
  /** Whether an EXIF orientation has turned or mirrored it. */
  readonly turned: boolean;
}

/**
 * Reads a PNG, JPEG or WebP as 8-bit sRGB and resizes it to `size` (bicubic, aspect not kept). An EXIF
 * orientation turns it, as in viewers and labelling tools; `original` is the size after that. A colour
 * profile is converted. Transparent pixels keep their colours: alpha is dropped.
 * @throws UserError naming the file if it is missing, truncated or not such an image
 */
export async function readImage(path: string, size?: Size): Promise<Image> {
  requireImage(path);
  try {
    // Both read the file themselves, in the thread pool: a training step blocks the event loop, so each
    // turn of the loop that an image needs may delay it by a step.
    const [metadata, plain] = await Promise.all([open(path).metadata(), atSize(open(path), size)]);
    const { width, height } = metadata.autoOrient;
    const about = { original: { width, height }, turned: isTurned(metadata) };
    if (!isTurned(metadata) && !metadata.hasAlpha && !hasDeepProfile(metadata)) {
      return { ...plain, ...about };
    }
    const upright = await pixelsOf(uprightImage(path, metadata));
    if (size === undefined) return { ...upright, ...about };
    const raw = { width, height, channels: 3 } as const;
    return { ...(await atSize(sharp(upright.data, { raw }), size)), ...about };
  } catch (error) {
    throw unreadableImage(path, whyUnreadable(error), error);
  }
}

/**
 * Pixels [height * width * 3] of an RGB or RGBA image in memory at another size, resized as `readImage` does.
 * @throws UserError if the pixels are not as many as the size states
 */
export async function resizedRgb(data: Uint8Array, from: Size, size: Size): Promise<Uint8Array> {
  const channels = data.length / (from.width * from.height);
  if (channels !== 3 && channels !== 4) {
    throw new UserError(
      "invalid-value",
      `an image of ${from.width}x${from.height} has ${data.length} bytes: expected 3 (RGB) or 4 (RGBA) per pixel`,
    );
  }
  if (channels === 3 && from.width === size.width && from.height === size.height) return data;
  const raw = { width: from.width, height: from.height, channels } as const;
  return (await atSize(sharp(data, { raw }).removeAlpha(), size)).data;
}

const open = (path: string, options: SharpOptions = {}): Sharp =>
  sharp(path, { limitInputPixels: MOST_PIXELS, ...options })
    .removeAlpha()
    .toColourspace("srgb");

// Shrinking in the JPEG decoder is not faster at these sizes, and gives other pixels for a JPEG than for
// a PNG of the same picture.
const SHRUNK = {
  fit: "fill",
  kernel: "cubic",
  fastShrinkOnLoad: false,
  withoutEnlargement: true,
} as const;

/** Pixels of an image, resized if a size is given. Its sides are shrunk in the thread pool, and enlarged here. */
async function atSize(image: Sharp, size: Size | undefined) {
  if (size === undefined) return pixelsOf(image);
  const shrunk = await pixelsOf(image.resize(size.width, size.height, SHRUNK));
  const isDone = shrunk.width === size.width && shrunk.height === size.height;
  return isDone ? shrunk : { ...size, data: new Uint8Array(resized(shrunk, size).data.buffer) };
}

const isTurned = ({ orientation = 1 }: Metadata): boolean => orientation !== 1;

/** sharp 0.35 converts 16-bit colours with a profile to Display P3 instead of sRGB. */
const hasDeepProfile = ({ hasProfile, space }: Metadata): boolean =>
  hasProfile && space === "rgb16";

/**
 * The whole image, which a second pass resizes. In one pass, sharp multiplies colours by alpha before it
 * resizes, and turns the image after that; libvips's kernels are not symmetric, so the result would differ
 * from that of the same image stored upright.
 */
function uprightImage(path: string, metadata: Metadata): Sharp {
  const image = open(path, { autoOrient: true });
  return hasDeepProfile(metadata) ? image.withIccProfile("srgb") : image;
}

async function pixelsOf(image: Sharp): Promise<Pick<Image, "width" | "height" | "data">> {
  const { data, info } = await image.raw({ depth: "uchar" }).toBuffer({ resolveWithObject: true });
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return { width: info.width, height: info.height, data: bytes };
}
