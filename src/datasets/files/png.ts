import type { Size } from "../dataset.js";
import { type PngHeader, readSamples } from "./png-rows.js";

// Why not a package: sharp expands palettes to colours, which loses ids. fast-png 8.0.0 reports valid
// interlaced files of 1, 2 and 4 bits as damaged (decodeInterlaceAdam7 reads one byte per sample), and it
// inflates IDAT and iCCP completely, whatever the header states: 1 MB may take gigabytes.

/** Most pixels of an image or label. The header of a damaged file may state a size that takes gigabytes. */
export const MOST_PIXELS = 2 ** 26;

/** The pixels of a PNG as stored: palette indices are not looked up, grey levels are not scaled. */
export interface Png extends Size {
  readonly depth: number;
  readonly channels: number;
  /** [height * width * channels] */
  readonly samples: Uint8Array | Uint16Array;
  /** RGB of each index, [entries * 3]; absent if the samples are not indices. */
  readonly palette?: Uint8Array;
}

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

/** Channels and depths of each colour type (ISO/IEC 15948, table 11.1). */
const COLOR_TYPES: Readonly<Record<number, { channels: number; depths: readonly number[] }>> = {
  0: { channels: 1, depths: [1, 2, 4, 8, 16] },
  2: { channels: 3, depths: [8, 16] },
  3: { channels: 1, depths: [1, 2, 4, 8] },
  4: { channels: 2, depths: [8, 16] },
  6: { channels: 4, depths: [8, 16] },
};

/** Whether the bytes start with the signature of a PNG. */
export const isPng = (bytes: Uint8Array): boolean =>
  SIGNATURE.equals(bytes.subarray(0, SIGNATURE.length));

/**
 * Decodes a PNG, given that `isPng`.
 * @throws Error if it is damaged or has more than `MOST_PIXELS` pixels
 */
export function decodePng(bytes: Uint8Array): Png {
  let header: PngHeader | undefined;
  let palette: Uint8Array | undefined;
  const compressed: Uint8Array[] = [];
  for (const { type, body } of chunks(bytes)) {
    if (header === undefined) {
      if (type !== "IHDR") throw new Error("the header is missing");
      header = readHeader(body);
    } else if (type === "PLTE") palette = body;
    else if (type === "IDAT") compressed.push(body);
  }
  if (header === undefined) throw new Error("the header is missing");
  const { width, height, depth, channels, indexed } = header;
  const samples = readSamples(Buffer.concat(compressed), header);
  const png = { width, height, depth, channels, samples };
  if (!indexed) return png;
  if (palette === undefined || palette.length % 3 !== 0)
    throw new Error("the palette is missing or damaged");
  return { ...png, palette };
}

/** The chunks before IEND. Compares their checksums. */
function* chunks(bytes: Uint8Array): Generator<{ type: string; body: Uint8Array }> {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = SIGNATURE.length; ; ) {
    const body = at + 8;
    const end = body + (body <= view.length ? view.readUInt32BE(at) : 0);
    if (end + 4 > view.length) throw new Error("the file ends too early");
    const type = view.toString("latin1", at + 4, body);
    if (crc32(view.subarray(at + 4, end)) !== view.readUInt32BE(end)) {
      throw new Error(`the checksum of its ${type} is wrong`);
    }
    if (type === "IEND") return;
    yield { type, body: view.subarray(body, end) };
    at = end + 4;
  }
}

function readHeader(body: Uint8Array): PngHeader {
  if (body.length !== 13) throw new Error("the header has the wrong length");
  const view = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  const [width, height] = [view.readUInt32BE(0), view.readUInt32BE(4)];
  const [depth = 0, colorType = 0, compression, filter, interlace = 0] = body.subarray(8);
  const { channels = 0, depths = [] } = COLOR_TYPES[colorType] ?? {};
  if (!depths.includes(depth) || compression !== 0 || filter !== 0 || interlace > 1) {
    throw new Error("the header is invalid");
  }
  if (width === 0 || height === 0) throw new Error("it has no pixels");
  if (width * height > MOST_PIXELS) {
    throw new Error(`it is ${width}x${height}, more than ${MOST_PIXELS} pixels`);
  }
  return { width, height, depth, channels, indexed: colorType === 3, interlaced: interlace === 1 };
}

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  return crc;
});

function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (let i = 0; i < bytes.length; i++) {
    crc = (CRC_TABLE[(crc ^ (bytes[i] as number)) & 255] as number) ^ (crc >>> 8);
  }
  return (crc ^ 0xffffffff) >>> 0;
}
