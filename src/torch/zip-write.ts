/** A part of an archive. */
export interface Part {
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  /** The content in pieces; called twice. */
  read(): Iterable<Uint8Array>;
}

const ALIGNMENT = 64;
const PADDING = 16966; // the extra field in which PyTorch keeps it
const DATE = 0x21; // 1980-01-01: equal content gives equal files

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  return crc;
});

function crc32(pieces: Iterable<Uint8Array>): number {
  let crc = -1;
  for (const piece of pieces) {
    for (let i = 0; i < piece.length; i++) {
      crc = (TABLE[(crc ^ (piece[i] as number)) & 255] as number) ^ (crc >>> 8);
    }
  }
  return ~crc >>> 0;
}

/**
 * A zip archive of uncompressed parts, in pieces, without the 64-bit extension. Every part begins at a
 * multiple of 64 bytes, by padding in its header: readers may map it to memory.
 */
export function* storedArchive(parts: readonly Part[]): Generator<Uint8Array> {
  const directory: Buffer[] = [];
  let offset = 0;
  for (const { name, size, read } of parts) {
    const path = Buffer.from(name);
    const header = 30 + path.length + 4; // of the part, its name, and of the padding
    const padding = Buffer.alloc((ALIGNMENT - ((offset + header) % ALIGNMENT)) % ALIGNMENT, "Z");
    const extra = Buffer.alloc(4);
    extra.writeUInt16LE(PADDING, 0);
    extra.writeUInt16LE(padding.length, 2);

    const shared = Buffer.alloc(24); // what both headers of a part contain
    shared.writeUInt16LE(20, 0); // version 2.0; flags, method and time are 0
    shared.writeUInt16LE(DATE, 8);
    shared.writeUInt32LE(crc32(read()), 10);
    shared.writeUInt32LE(size, 14);
    shared.writeUInt32LE(size, 18);
    shared.writeUInt16LE(path.length, 22);
    yield Buffer.concat([
      signature(4, 3),
      shared,
      u16(extra.length + padding.length),
      path,
      extra,
      padding,
    ]);
    yield* read();

    const tail = Buffer.alloc(16); // no extra, no comment, disk 0, no attributes; offset
    tail.writeUInt32LE(offset, 12);
    directory.push(Buffer.concat([signature(2, 1), u16(20), shared, tail, path]));
    offset += header + padding.length + size;
  }
  const entries = Buffer.concat(directory);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(parts.length, 4);
  end.writeUInt16LE(parts.length, 6);
  end.writeUInt32LE(entries.length, 8);
  end.writeUInt32LE(offset, 12);
  yield Buffer.concat([entries, signature(6, 5), end]);
}

const signature = (high: number, low: number) => Buffer.from([0x50, 0x4b, low, high]);

function u16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16LE(value);
  return bytes;
}
