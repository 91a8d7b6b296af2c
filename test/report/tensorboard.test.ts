import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import protobuf from "protobufjs";
import sharp from "sharp";
import { expect, test } from "vitest";
import { openEventFile, record } from "../../src/report/tensorboard.js";
import { inTemporaryFolder } from "../datasets/fixtures.js";

// An independent reader, from TensorFlow's event.proto and summary.proto.
const Event = protobuf
  .parse(`
    syntax = "proto3";
    message Event {
      double wall_time = 1;
      int64 step = 2;
      string file_version = 3;
      Summary summary = 5;
      SessionLog session_log = 7;
    }
    message SessionLog { enum Status { UNSPECIFIED = 0; START = 1; STOP = 2; } Status status = 1; }
    message Summary {
      message Image { int32 height = 1; int32 width = 2; int32 colorspace = 3; bytes encoded_image_string = 4; }
      message Value { string tag = 1; float simple_value = 2; Image image = 4; }
      repeated Value value = 1;
    }`)
  .root.lookupType("Event");

/** CRC-32C bit by bit, and TFRecord's mask, from their definitions. */
function masked(data: Uint8Array): number {
  let crc = 0xffffffffn;
  for (const byte of data) {
    crc ^= BigInt(byte);
    for (let bit = 0; bit < 8; bit++) crc = crc & 1n ? (crc >> 1n) ^ 0x82f63b78n : crc >> 1n;
  }
  crc ^= 0xffffffffn;
  return Number((((crc >> 15n) | (crc << 17n)) + 0xa282ead8n) & 0xffffffffn);
}

interface Decoded {
  readonly wallTime: number;
  readonly step?: string;
  readonly fileVersion?: string;
  readonly sessionLog?: { status: string };
  readonly summary?: {
    value: {
      tag: string;
      simpleValue?: number;
      image?: { height: number; width: number; colorspace: number; encodedImageString: Uint8Array };
    }[];
  };
}

function decode(path: string): Decoded[] {
  const file = readFileSync(path);
  const events: Decoded[] = [];
  for (let at = 0; at < file.length; ) {
    const length = Number(file.readBigUInt64LE(at));
    expect(file.readUInt32LE(at + 8)).toBe(masked(file.subarray(at, at + 8)));
    const data = file.subarray(at + 12, at + 12 + length);
    expect(file.readUInt32LE(at + 12 + length)).toBe(masked(data));
    events.push(Event.toObject(Event.decode(data), { longs: String, enums: String }) as Decoded);
    at += length + 16;
  }
  return events;
}

test("CRC-32C of the standard's test vector, masked", () => {
  // RFC 3720, B.4: 32 bytes of zeros have the checksum 8a9136aa.
  const crc = 0x8a9136aa;
  const expected = (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
  expect(Buffer.from(record(new Uint8Array(32))).readUInt32LE(12 + 32)).toBe(expected);
});

test("scalars and images come back from an independent decoder", async () => {
  await inTemporaryFolder(async (folder) => {
    const before = Date.now() / 1000;
    const events = openEventFile(folder, 0);
    events.scalars(10, { "source/main": 0.5, "miou/dämmerung": 0.25, "iou/none": Number.NaN });
    const bytes = await sharp({
      create: { width: 300, height: 20, channels: 3, background: "teal" },
    })
      .png()
      .toBuffer();
    events.image(3_000_000_000, "previews/000", { width: 300, height: 20, bytes });
    const [name, ...others] = readdirSync(folder);
    expect(others).toEqual([]);
    expect(name).toMatch(/^events\.out\.tfevents\.\d{10}\./);
    const [version, scalars, image] = decode(join(folder, name as string));
    expect(version?.fileVersion).toBe("brain.Event:2");
    expect(Math.abs((version?.wallTime ?? 0) - before)).toBeLessThan(60);
    expect(scalars).toMatchObject({
      step: "10",
      summary: {
        value: [
          { tag: "source/main", simpleValue: 0.5 },
          { tag: "miou/dämmerung", simpleValue: 0.25 },
        ],
      },
    });
    expect(image?.step).toBe("3000000000");
    const picture = image?.summary?.value[0]?.image;
    expect(picture).toMatchObject({ width: 300, height: 20, colorspace: 3 });
    expect(Buffer.from(picture?.encodedImageString ?? []).equals(bytes)).toBe(true);
  });
});

test("a resumed run records the step that it begins at", async () => {
  await inTemporaryFolder(async (folder) => {
    const { path, scalars } = openEventFile(folder, 40);
    scalars(50, { loss: 1 });
    const [, start, values] = decode(path);
    expect(start).toMatchObject({ step: "40", sessionLog: { status: "START" } });
    expect(values?.step).toBe("50");
  });
});
