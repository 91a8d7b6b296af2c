import { type UnzipFileInfo, unzipSync } from "fflate";

const MOST_PARTS = 2 ** 17;

/** The parts of a zip archive by name. */
export interface Archive {
  /** Unpacked bytes of each part. */
  readonly sizes: ReadonlyMap<string, number>;
  /** Unpacks the parts with these names. The result does not have names that are not in the archive. */
  unpack(names: Iterable<string>): Map<string, Uint8Array>;
}

/**
 * Opens a zip archive in memory.
 * @param most the largest unpacked size of all parts together, in bytes
 * @param wrong creates an error from the description of a problem
 */
export function openArchive(
  bytes: Uint8Array,
  most: number,
  wrong: (what: string) => Error,
): Archive {
  const walk = (filter: (part: UnzipFileInfo) => boolean) => {
    let refusal: Error | undefined;
    const ask = (part: UnzipFileInfo) => {
      try {
        return filter(part);
      } catch (error) {
        refusal = error as Error;
        throw error;
      }
    };
    try {
      return unzipSync(bytes, { filter: ask });
    } catch (error) {
      throw refusal ?? wrong(`it is a damaged archive (${(error as Error).message})`);
    }
  };

  const sizes = new Map<string, number>();
  let packed = 0;
  let unpacked = 0;
  walk(({ name, size, originalSize, compression }) => {
    if (sizes.size >= MOST_PARTS) throw wrong(`its archive has more than ${MOST_PARTS} parts`);
    if (sizes.has(name)) throw wrong(`its archive has "${name}" twice`);
    if (compression === 0 && size !== originalSize) throw wrong(`"${name}" contradicts its size`);
    packed += size;
    unpacked += originalSize;
    if (packed > bytes.length) throw wrong("the parts of its archive overlap, or it is truncated");
    if (unpacked > most) throw wrong(`it unpacks to more than ${most} bytes (a zip bomb?)`);
    sizes.set(name, originalSize);
    return false;
  });
  return {
    sizes,
    unpack(names) {
      const wanted = new Set(names);
      const parts = new Map(Object.entries(walk(({ name }) => wanted.has(name))));
      for (const [name, part] of parts) {
        if (part.length !== sizes.get(name)) throw wrong(`it ends within "${name}" (truncated?)`);
      }
      return parts;
    },
  };
}
