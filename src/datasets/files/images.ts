import sharp from "sharp";
import { UserError } from "../../errors.js";
import type { Size } from "../dataset.js";
import { MOST_PIXELS } from "./png.js";
import { whyUnreadable } from "./regular-file.js";

// Many images are decoded at a time, one thread each: threads inside an image only get in the
// way of training. No image is read twice in short order, so libvips need not keep any.
sharp.concurrency(1);
sharp.cache(false);

const limits = { limitInputPixels: MOST_PIXELS };

/** A decoded image. */
export interface Image extends Size {
  /** RGB, row-major, [height * width * 3]. */
  readonly data: Uint8Array;
  /** Size in the file. */
  readonly original: Size;
}

/**
 * Reads a PNG, JPEG or WebP as 8-bit RGB, whatever its channels and depth, and resizes it to
 * `size` (bicubic, aspect not kept).
 * @throws UserError naming the file where it is missing, truncated or no image
 */
export async function readImage(path: string, size?: Size): Promise<Image> {
  try {
    // Both read the file themselves, in the thread pool: the fewer turns of the event loop an
    // image needs, the less a training step that blocks the loop delays it.
    const [metadata, { data, info }] = await Promise.all([
      sharp(path, limits).metadata(),
      pipeline(path, size).raw({ depth: "uchar" }).toBuffer({ resolveWithObject: true }),
    ]);
    return {
      width: info.width,
      height: info.height,
      data: new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
      original: { width: metadata.width, height: metadata.height },
    };
  } catch (error) {
    throw new UserError(
      "image-unreadable",
      `${path}: the image cannot be read (${whyUnreadable(error)}); ` +
        "it must be a whole PNG, JPEG or WebP file: copy or unpack it again.",
    );
  }
}

function pipeline(path: string, size: Size | undefined) {
  const image = sharp(path, limits).removeAlpha().toColourspace("srgb");
  if (!size) return image;
  // Shrinking inside the JPEG decoder is no faster at these sizes and makes the same picture come
  // out differently from a JPEG and from a PNG.
  const exact = { fit: "fill", kernel: "cubic", fastShrinkOnLoad: false } as const;
  return image.resize(size.width, size.height, exact);
}
