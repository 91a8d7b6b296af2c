import { appendFileSync, mkdirSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { writing } from "../errors.js";

/** An event file, which TensorBoard reads while it is written. */
export interface EventFile {
  readonly path: string;
  /** Numbers of a step, by tag. Values that are not finite are left out. */
  scalars(step: number, values: Readonly<Record<string, number>>): void;
  /** An encoded picture (PNG or JPEG). */
  image(step: number, tag: string, picture: Picture): void;
}

export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly bytes: Uint8Array;
}

/**
 * Starts `events.out.tfevents.<seconds>.<host>` in a folder. The file of a run that is resumed at `step`
 * records it, and TensorBoard drops later values of earlier files.
 */
export function openEventFile(folder: string, step: number): EventFile {
  writing(folder, () => mkdirSync(folder, { recursive: true }));
  const seconds = Math.floor(Date.now() / 1000);
  const path = join(folder, `events.out.tfevents.${seconds}.${hostname()}.${process.pid}`);
  const write = (event: Bytes) => writing(path, () => appendFileSync(path, record(event)));
  write(message(wallTime(), string(EVENT.fileVersion, "brain.Event:2")));
  if (step > 0) {
    const start = message(varint(SESSION.status, SESSION_START));
    write(message(wallTime(), varint(EVENT.step, step), nested(EVENT.session, start)));
  }
  const summary = (at: number, values: readonly Bytes[]) => {
    const all = message(...values.map((value) => nested(SUMMARY.value, value)));
    write(message(wallTime(), varint(EVENT.step, at), nested(EVENT.summary, all)));
  };
  return {
    path,
    scalars(at, values) {
      const entries = Object.entries(values).filter(([, value]) => Number.isFinite(value));
      summary(
        at,
        entries.map(([tag, value]) => message(string(VALUE.tag, tag), float(VALUE.simple, value))),
      );
    },
    image(at, tag, { width, height, bytes }) {
      const picture = message(
        varint(IMAGE.height, height),
        varint(IMAGE.width, width),
        varint(IMAGE.colorspace, RGB),
        nested(IMAGE.encoded, bytes),
      );
      summary(at, [message(string(VALUE.tag, tag), nested(VALUE.image, picture))]);
    },
  };
}

// Field numbers of tensorflow/core/util/event.proto and framework/summary.proto.
const EVENT = { wallTime: 1, step: 2, fileVersion: 3, summary: 5, session: 7 } as const;
const SESSION = { status: 1 } as const;
const SESSION_START = 1;
const SUMMARY = { value: 1 } as const;
const VALUE = { tag: 1, simple: 2, image: 4 } as const;
const IMAGE = { height: 1, width: 2, colorspace: 3, encoded: 4 } as const;
const RGB = 3;

type Bytes = Uint8Array;

const wallTime = (): Bytes => {
  const bytes = Buffer.alloc(9);
  bytes[0] = (EVENT.wallTime << 3) | 1; // 64 bits
  bytes.writeDoubleLE(Date.now() / 1000, 1);
  return bytes;
};

const message = (...fields: readonly Bytes[]): Bytes => Buffer.concat(fields);

const varint = (field: number, value: number): Bytes =>
  Buffer.from([field << 3, ...varintBytes(value)]);

const float = (field: number, value: number): Bytes => {
  const bytes = Buffer.alloc(5);
  bytes[0] = (field << 3) | 5; // 32 bits
  bytes.writeFloatLE(value, 1);
  return bytes;
};

/** A message, a string or bytes inside a message. */
const nested = (field: number, value: Bytes): Bytes =>
  Buffer.concat([Buffer.from([(field << 3) | 2, ...varintBytes(value.length)]), value]);

const string = (field: number, text: string): Bytes => nested(field, Buffer.from(text, "utf8"));

function varintBytes(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  return [...bytes, rest];
}

/** TFRecord: length (64 bits), its checksum, the data, its checksum. */
export function record(data: Bytes): Bytes {
  const framed = Buffer.alloc(12 + data.length + 4);
  framed.writeBigUInt64LE(BigInt(data.length), 0);
  framed.writeUInt32LE(maskedCrc(framed.subarray(0, 8)), 8);
  framed.set(data, 12);
  framed.writeUInt32LE(maskedCrc(data), 12 + data.length);
  return framed;
}

/** CRC-32C (Castagnoli), masked as in TFRecord. */
function maskedCrc(data: Bytes): number {
  let crc = 0xffffffff;
  for (const byte of data) crc = (TABLE[(crc ^ byte) & 255] as number) ^ (crc >>> 8);
  crc = (crc ^ 0xffffffff) >>> 0;
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  return crc;
});
