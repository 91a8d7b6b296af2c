// Damages the bytes of a file with a few changes that parsers often handle badly.
import { crc32 } from "./crc32.js";

const NUMBERS = [
  "-1",
  "0",
  "1e309",
  "9007199254740993",
  "4294967296",
  "-0.5",
  "null",
  '""',
  "[]",
  "{}",
];

/**
 * `bytes` with one to four changes, drawn with `random` (of dist/datasets/random.js).
 * @param {Uint8Array} bytes
 * @param {import("../../dist/datasets/random.js").Random} random
 */
export function mutated(bytes, random) {
  /** @type {Buffer} */
  let changed = Buffer.from(bytes);
  for (let i = random.below(4); i >= 0; i--) {
    changed = oneOf(CHANGES, random)(changed, random);
    if (changed.length === 0) break;
  }
  return random.chance(0.5) ? withPngChecksums(changed) : changed;
}

/** @param {Buffer} bytes @param {import("../../dist/datasets/random.js").Random} random */
const place = (bytes, random) => random.below(bytes.length);
/**
 * @param {Buffer} bytes @param {number} from @param {number} to
 * @param {Buffer} [between]
 */
const cut = (bytes, from, to, between = Buffer.alloc(0)) =>
  Buffer.concat([bytes.subarray(0, from), between, bytes.subarray(to)]);

/** @type {<T>(all: readonly T[], random: import("../../dist/datasets/random.js").Random) => T} */
const oneOf = (all, random) => /** @type {(typeof all)[number]} */ (all[random.below(all.length)]);

/** @type {((bytes: Buffer, random: import("../../dist/datasets/random.js").Random) => Buffer)[]} */
const CHANGES = [
  function flipBit(bytes, random) {
    const at = place(bytes, random);
    bytes.writeUInt8(bytes.readUInt8(at) ^ (1 << random.below(8)), at);
    return bytes;
  },
  function setByte(bytes, random) {
    const at = place(bytes, random);
    bytes[at] = oneOf([0, 1, 127, 128, 255, random.below(256)], random);
    return bytes;
  },
  function setWord(bytes, random) {
    if (bytes.length < 4) return bytes;
    const word = oneOf([0, 1, 2 ** 31, 2 ** 32 - 1], random);
    bytes.writeUInt32LE(word, random.below(bytes.length - 3));
    return bytes;
  },
  (bytes, random) => bytes.subarray(0, place(bytes, random)), // truncated
  function without(bytes, random) {
    const from = place(bytes, random);
    return cut(bytes, from, Math.min(bytes.length, from + 1 + random.below(16)));
  },
  function repeated(bytes, random) {
    const from = place(bytes, random);
    const to = Math.min(bytes.length, from + 1 + random.below(64));
    return cut(bytes, to, to, bytes.subarray(from, to));
  },
  function moved(bytes, random) {
    const from = place(bytes, random);
    bytes.copyWithin(place(bytes, random), from, from + 1 + random.below(32));
    return bytes;
  },
  function otherNumber(bytes, random) {
    const text = bytes.toString("latin1");
    const found = [...text.matchAll(/-?\d+(\.\d+)?|"[^"\n]*"|true|null/g)];
    if (found.length === 0) return bytes;
    const { index, 0: token } = oneOf(found, random);
    const other = Buffer.from(oneOf(NUMBERS, random));
    return cut(bytes, index, index + token.length, other);
  },
];

/**
 * Updates the checksums of a PNG's chunks, so that a change is not detected by them.
 * @param {Buffer} bytes
 */
function withPngChecksums(bytes) {
  if (bytes.length < 20 || bytes.readUInt32BE(0) !== 0x89504e47) return bytes;
  for (let at = 8; at + 12 <= bytes.length; ) {
    const end = at + 8 + bytes.readUInt32BE(at);
    if (end + 4 > bytes.length) break;
    bytes.writeUInt32BE(crc32(bytes.subarray(at + 4, end)), end);
    at = end + 4;
  }
  return bytes;
}
