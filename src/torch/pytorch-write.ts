import { type Zippable, zipSync } from "fflate";
import { UserError } from "../errors.js";
import { writeDurably } from "../write-atomically.js";
import type { Dtype } from "./dtype.js";
import { STORAGES } from "./pytorch-pickle.js";
import type { Tensor } from "./tensor.js";

const CLASS = new Map(Object.entries(STORAGES).map(([name, dtype]) => [dtype, name]));
const LONGEST = 2 ** 32 - 2 ** 20; // bytes that fit into an archive without the 64-bit extension
const ALIGNMENT = 64;
const ROOT = "archive";

/**
 * Writes tensors by name in the format in which `torch.save` writes a state dict, in the zip layout. PyTorch
 * 1.6 and newer can load it, also with `weights_only=True`. The file appears when it is complete.
 * @throws UserError if the tensors take 4 GiB or more
 */
export function writePyTorch(path: string, tensors: ReadonlyMap<string, Tensor>): void {
  const parts: [string, Uint8Array][] = [
    ["data.pkl", statePickle(tensors)],
    ["byteorder", Buffer.from("little")],
    ...[...tensors.values()].map((tensor, k): [string, Uint8Array] => [
      `data/${k}`,
      tensor.bytes(),
    ]),
    ["version", Buffer.from("3\n")],
  ];
  const total = parts.reduce((sum, [, bytes]) => sum + bytes.length, 0);
  if (total > LONGEST) {
    throw new UserError(
      "not-supported",
      `${path}: ${total} bytes do not fit into a .pth file; write .safetensors instead`,
    );
  }
  writeDurably(path, [zipSync(aligned(parts), { level: 0, mtime: "1980-01-01" })]);
}

/** Aligns every part to 64 bytes by padding its header, so that readers can map it to memory. */
function aligned(parts: readonly [string, Uint8Array][]): Zippable {
  const archive: Zippable = {};
  let offset = 0;
  for (const [name, bytes] of parts) {
    const place = `${ROOT}/${name}`;
    const header = 30 + place.length + 4; // of the part, its name, and of the padding
    const padding = (ALIGNMENT - ((offset + header) % ALIGNMENT)) % ALIGNMENT;
    archive[place] = [bytes, { extra: { 16966: Buffer.alloc(padding, "Z") } }];
    offset += header + padding + bytes.length;
  }
  return archive;
}

/** A pickle, protocol 2, of an ordered dictionary of tensors, each with a storage of its own. */
function statePickle(tensors: ReadonlyMap<string, Tensor>): Buffer {
  const out: (string | Buffer)[] = [];
  const number = (value: number) => {
    const bytes = Buffer.alloc(value < 2 ** 31 ? 5 : 10);
    if (value < 2 ** 31) {
      bytes.write("J", "latin1");
      bytes.writeInt32LE(value, 1);
    } else {
      bytes.write("\x8a\x08", "latin1");
      bytes.writeBigInt64LE(BigInt(value), 2);
    }
    out.push(bytes);
  };
  const text = (value: string) => {
    const bytes = Buffer.from(value);
    const length = Buffer.alloc(4);
    length.writeUInt32LE(bytes.length);
    out.push("X", length, bytes);
  };
  const tuple = (values: readonly number[]) => {
    out.push("(");
    values.forEach(number);
    out.push("t");
  };
  const storage = (key: string, dtype: Dtype, count: number) => {
    out.push("(");
    text("storage");
    out.push(`ctorch\n${CLASS.get(dtype)}\n`);
    text(key);
    text("cpu");
    number(count);
    out.push("tQ");
  };
  const dictionary = "ccollections\nOrderedDict\n)R";

  out.push("\x80\x02", dictionary, "(");
  [...tensors].forEach(([name, { dtype, shape, count }], k) => {
    text(name);
    out.push("ctorch._utils\n_rebuild_tensor_v2\n(");
    storage(String(k), dtype, count);
    number(0);
    tuple(shape);
    tuple(shape.map((_, i) => shape.slice(i + 1).reduce((product, size) => product * size, 1)));
    out.push("\x89", dictionary, "tR"); // no gradient, no hooks
  });
  out.push("u.");
  return Buffer.concat(
    out.map((part) => (typeof part === "string" ? Buffer.from(part, "latin1") : part)),
  );
}
