import { readFileSync } from "node:fs";
import { extname } from "node:path";
import sharp from "sharp";
import { UserError } from "../../errors.js";

const WIDEST = 512;

/** A picture file as a data URI, scaled down if it is wide; labels keep their exact colours. */
export async function embed(path: string, kind: "photo" | "labels"): Promise<string> {
  const bytes = readFileSync(path);
  const { width } = await sharp(bytes)
    .metadata()
    .catch((cause: unknown) => {
      throw new UserError(
        "image-unreadable",
        `${path} is not an image, or is damaged: delete it, and write the page again`,
        { cause },
      );
    });
  if (width <= WIDEST) return dataUri(bytes, extname(path) === ".png" ? "png" : "jpeg");
  if (kind === "labels") {
    const small = sharp(bytes).resize(WIDEST, undefined, { kernel: "nearest" }).png();
    return dataUri(await small.toBuffer(), "png");
  }
  const small = sharp(bytes).resize(WIDEST).jpeg({ quality: 82 });
  return dataUri(await small.toBuffer(), "jpeg");
}

/** Bytes of a picture as an address. */
export const dataUri = (bytes: Buffer, type: "png" | "jpeg"): string =>
  `data:image/${type};base64,${bytes.toString("base64")}`;
