import { deflateSync } from "node:zlib";
import type { Size } from "../../src/datasets/dataset.js";
import { crc32 } from "../campaigns/crc32.js";

/** What to put into a PNG; `rows` are its rows before compression, each after its filter byte. */
export interface PngParts extends Size {
  readonly depth: number;
  /** 0: grey, 2: RGB, 3: palette, 4: grey and alpha, 6: RGBA. */
  readonly colorType: number;
  readonly interlaced?: boolean;
  readonly rows: Uint8Array;
  /** Chunks before the pixels, such as PLTE. */
  readonly chunks?: readonly Buffer[];
}

/** A PNG that no encoder here writes: interlaced at low depths, or damaged on purpose. */
export function pngOf({ width, height, depth, colorType, interlaced, rows, chunks }: PngParts) {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([depth, colorType, 0, 0, interlaced ? 1 : 0], 8);
  return Buffer.concat([
    Buffer.from("\x89PNG\r\n\x1a\n", "latin1"),
    pngChunk("IHDR", header),
    ...(chunks ?? []),
    pngChunk("IDAT", deflateSync(rows)),
    pngChunk("IEND", Buffer.alloc(0)),
  ]);
}

/** A chunk with its length and checksum. */
export function pngChunk(type: string, body: Uint8Array): Buffer {
  const chunk = Buffer.alloc(12 + body.length);
  chunk.writeUInt32BE(body.length, 0);
  chunk.write(type, 4, "latin1");
  chunk.set(body, 8);
  chunk.writeUInt32BE(crc32(chunk.subarray(4, -4)), 8 + body.length);
  return chunk;
}

/** The pass of Adam7 in which each pixel of an 8x8 tile is stored (ISO/IEC 15948, 8.2). */
const TILE = ["16462646", "77777777", "56565656", "77777777", "36463646", "77777777", "56565656"];

/** The rows of one channel as Adam7 stores them, without filters: seven passes, bits packed. */
export function adam7Rows(ids: ArrayLike<number>, { width, height }: Size, depth: number): Buffer {
  const tile = [...TILE, "77777777"];
  const bytes: number[] = [];
  for (const pass of "1234567") {
    for (let y = 0; y < height; y++) {
      let bits = "";
      for (let x = 0; x < width; x++) {
        if (tile[y % 8]?.[x % 8] !== pass) continue;
        bits += (ids[y * width + x] as number).toString(2).padStart(depth, "0");
      }
      if (bits === "") continue;
      bytes.push(0);
      const padded = bits.padEnd(Math.ceil(bits.length / 8) * 8, "0");
      for (let at = 0; at < padded.length; at += 8) {
        bytes.push(Number.parseInt(padded.slice(at, at + 8), 2));
      }
    }
  }
  return Buffer.from(bytes);
}
