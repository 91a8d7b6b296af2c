import { elementSize } from "./dtype.js";
import { pickleBudget } from "./pickle.js";
import { type Storage, unpickleTensors, type Wrong } from "./pytorch-pickle.js";
import { openArchive } from "./zip.js";

/** The contents of a file of `torch.save`, before tensors are created. */
export interface Contents {
  /** The saved value; see `unpickle` and `PickledTensor`. */
  readonly value: unknown;
  /** The bytes of storages by key, each in an array of its own. */
  bytes(storages: ReadonlyMap<string, Storage>): Map<string, Uint8Array>;
}

const LONGEST_PICKLE = 2 ** 25; // bytes
const BIG_ENDIAN = "its numbers are big-endian";

/**
 * The layout since PyTorch 1.6: a zip archive with the pickle in NAME/data.pkl and the bytes of
 * storage k in NAME/data/k.
 * @param most the largest unpacked size, in bytes
 */
export function openZip(bytes: Uint8Array, most: number, wrong: Wrong): Contents {
  const archive = openArchive(bytes, most, wrong);
  const names = [...archive.sizes.keys()];
  const pickle = names.find((name) => /^[^/]*\/data\.pkl$/.test(name));
  if (pickle === undefined) throw wrong("it is an archive without data.pkl");
  const root = pickle.slice(0, -"data.pkl".length);
  if (names.includes(`${root}constants.pkl`)) throw wrong("it is a TorchScript program");
  if ((archive.sizes.get(pickle) as number) > LONGEST_PICKLE) {
    throw wrong(`its ${pickle} is longer than any network's`);
  }
  const parts = archive.unpack([pickle, `${root}byteorder`]);
  const order = new TextDecoder().decode(parts.get(`${root}byteorder`));
  if (order.trim() === "big") throw wrong(BIG_ENDIAN);
  const place = (key: string) => `${root}data/${key}`;
  return {
    value: unpickleTensors(parts.get(pickle) as Uint8Array, 0, pickleBudget(), wrong).value,
    bytes(storages) {
      const found = archive.unpack([...storages.keys()].map(place));
      for (const [key, { dtype, count }] of storages) {
        const length = found.get(place(key))?.length;
        if (length === undefined) throw wrong(`its storage ${key} is missing`);
        const expected = count * elementSize(dtype);
        if (length !== expected) {
          throw wrong(`its storage ${key} has ${length} bytes, not ${expected}`);
        }
      }
      return new Map([...storages.keys()].map((key) => [key, found.get(place(key)) as Uint8Array]));
    },
  };
}

/** The number at the start of a file in the old layout, in a pickle of its own. */
const MAGIC = 0x1950a86a20f9469cfc6cn;

/**
 * The layout before PyTorch 1.6: pickles of magic number, version, machine, value and storage keys; then
 * every storage as its number of elements (64 bits) and its bytes.
 */
export function openLegacy(bytes: Uint8Array, wrong: Wrong): Contents {
  let at = 0;
  const budget = pickleBudget();
  const next = () => {
    const read = unpickleTensors(bytes, at, budget, wrong);
    at = read.end;
    return read;
  };
  if (bytes[0] !== 0x80 || next().value !== MAGIC) {
    throw wrong("it does not begin like a zip archive or with PyTorch's magic number");
  }
  next(); // the version
  const { value: machine } = next();
  if (machine instanceof Map && machine.get("little_endian") === false) throw wrong(BIG_ENDIAN);
  const { value, storages: all } = next();
  const { value: keys } = next();
  if (!Array.isArray(keys)) throw wrong("its list of storages is malformed");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const places = new Map<string, number>();
  for (const key of keys) {
    const storage = all.get(key);
    if (!storage) throw wrong("it has a storage that does not belong to a tensor");
    if (places.has(key)) throw wrong(`it has storage ${key} twice`);
    const size = storage.count * elementSize(storage.dtype);
    if (at + 8 + size > bytes.length) throw wrong(`it ends within storage ${key} (truncated?)`);
    const count = view.getBigUint64(at, true);
    if (count !== BigInt(storage.count)) {
      throw wrong(`its storage ${key} has ${count} elements, not ${storage.count}`);
    }
    places.set(key, at + 8);
    at += 8 + size;
  }
  return {
    value,
    bytes: (storages) =>
      new Map(
        [...storages].map(([key, { dtype, count }]) => {
          const start = places.get(key);
          if (start === undefined) throw wrong(`its storage ${key} is missing`);
          return [key, bytes.slice(start, start + count * elementSize(dtype))]; // a copy, which is aligned
        }),
      ),
  };
}
