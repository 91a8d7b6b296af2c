import { UserError } from "../errors.js";
import { writeDurably } from "../write-atomically.js";
import type { Dtype } from "./dtype.js";
import { STORAGES } from "./pytorch-pickle.js";
import type { Tensor } from "./tensor.js";
import { openBytesReader } from "./tensor-bytes.js";
import { type Part, storedArchive } from "./zip-write.js";

const CLASS = new Map(Object.entries(STORAGES).map(([name, dtype]) => [dtype, name]));
const LONGEST = 2 ** 32 - 2 ** 20; // bytes that fit into an archive without the 64-bit extension
const MOST_PARTS = 2 ** 16 - 1; // likewise
const ROOT = "archive";

/**
 * Writes tensors by name in the format in which `torch.save` writes a state dict, in the zip layout. PyTorch
 * 1.6 and newer can load it, also with `weights_only=True`. The file appears when it is complete.
 * @throws UserError if the tensors take 4 GiB or more
 */
export function writePyTorch(path: string, tensors: ReadonlyMap<string, Tensor>): void {
  const reader = openBytesReader();
  const whole = (name: string, content: Uint8Array): Part => ({
    name: `${ROOT}/${name}`,
    size: content.length,
    read: () => [content],
  });
  const parts: Part[] = [
    whole("data.pkl", statePickle(tensors)),
    whole("byteorder", Buffer.from("little")),
    ...[...tensors.values()].map((tensor, k) => ({
      name: `${ROOT}/data/${k}`,
      size: tensor.count * tensor.itemSize,
      read: () => reader.read(tensor),
    })),
    whole("version", Buffer.from("3\n")),
  ];
  const total = parts.reduce((sum, { size }) => sum + size, 0);
  if (total > LONGEST || parts.length > MOST_PARTS) {
    throw new UserError(
      "not-supported",
      `${path}: ${total} bytes in ${parts.length} parts do not fit into a .pth file; write .safetensors instead`,
    );
  }
  try {
    writeDurably(path, storedArchive(parts));
  } finally {
    reader.dispose();
  }
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
