import { closeSync, readSync } from "node:fs";
import { UserError } from "../../errors.js";
import { openRegular, whyUnreadable } from "./regular-file.js";

/** The formats that are read. libvips supports more, and would open the files that an SVG links to. */
const READ = ["PNG", "JPEG", "WebP"] as const;

/** The first bytes of files in some formats, as Latin-1. */
const BEGINNINGS: readonly (readonly [kind: string, beginning: RegExp])[] = [
  ["PNG", /^\x89PNG\r\n/],
  ["JPEG", /^\xff\xd8\xff/],
  ["WebP", /^RIFF.{4}WEBP/s],
  ["GIF", /^GIF8/],
  ["TIFF", /^(II[*+]\0|MM\0[*+])/],
  ["BMP", /^BM/],
  ["HEIC or AVIF", /^.{4}ftyp/s],
  ["SVG, XML or HTML", /^(\xef\xbb\xbf)?\s*</],
];

const LONGEST = 16;

/**
 * Checks by its first bytes that a file is a PNG, JPEG or WebP; the extension does not count.
 * @returns its format
 * @throws UserError naming the file and its format
 */
export function requireImage(path: string): (typeof READ)[number] {
  let head: string;
  try {
    head = beginning(path);
  } catch (error) {
    throw unreadableImage(path, whyUnreadable(error), error);
  }
  const [kind] = BEGINNINGS.find(([, pattern]) => pattern.test(head)) ?? [];
  const read = READ.find((format) => format === kind);
  if (read !== undefined) return read;
  const otherwise = head === "" ? "it is empty" : "it is not an image";
  throw unreadableImage(path, kind === undefined ? otherwise : `it is a file in ${kind} format`);
}

function beginning(path: string): string {
  const file = openRegular(path);
  try {
    const bytes = Buffer.alloc(LONGEST);
    return bytes.toString("latin1", 0, readSync(file, bytes, 0, LONGEST, 0));
  } finally {
    closeSync(file);
  }
}

/** The error of an image that cannot be opened or decoded. */
export const unreadableImage = (path: string, why: string, cause?: unknown): UserError =>
  new UserError(
    "image-unreadable",
    `${path}: the image cannot be read (${why}); expected a complete PNG, JPEG or WebP file.`,
    { cause },
  );
