import { UserError } from "../errors.js";
import { printable } from "../printable.js";
import { elementSize, scalarType } from "./dtype.js";
import { readFully, withFile } from "./file-access.js";
import { native } from "./native.js";
import { operator } from "./operator.js";
import { type Contents, openLegacy, openZip } from "./pytorch-layouts.js";
import { PickledTensor, type Wrong } from "./pytorch-pickle.js";
import type { TensorMap } from "./safetensors.js";
import { scope } from "./scope.js";
import { Tensor } from "./tensor.js";

/** The tensors of a file of `torch.save`, and the names of skipped sections. */
export interface PyTorchFile {
  readonly tensors: TensorMap;
  readonly layout: "zip" | "legacy";
  /** Sections with the state of an optimiser, which are not read. */
  readonly skipped: readonly string[];
}

/** The largest file, in bytes: the limit of fflate. */
const LONGEST = 2 ** 32;
/** The largest total size of tensors, as a multiple of the file's: views may repeat elements. */
const EXPANSION = 16;
const ROOM = 2 ** 20;
/** The largest number of nested values in a file. */
const MOST_VALUES = 2 ** 18;
const LONGEST_NAME = 1000; // characters
/** Keys whose tables are the state of optimisers. A tensor of such a name is read. */
const OPTIMIZER = /^optim(s|i[sz]ers?(_\w+)?|_states?(_dicts?)?)?$/i;
const MOST_SKIPPED = 1000;

/** Whether bytes begin like a zip archive, as files of PyTorch 1.6 and newer do. */
export const isZip = (bytes: Uint8Array): boolean => bytes[0] === 0x50 && bytes[1] === 0x4b;

/**
 * Reads the tensors of a file of `torch.save`, in its zip layout or the layout before PyTorch 1.6, without
 * executing anything in it. Nested dictionaries and lists become names with dots; numbers, strings and the
 * state of optimisers are left out. Tensors that share a storage in the file also share memory here. The
 * caller disposes them.
 * @throws UserError if the file is missing or damaged, or contains anything but tensors and plain values
 */
export function readPyTorch(path: string): PyTorchFile {
  const wrong: Wrong = (what) =>
    new UserError(
      "damaged-file",
      `${path} is not a readable PyTorch file: ${printable(what, 200)}; use another copy, or save only the ` +
        "state_dict() of the model",
    );
  return withFile(path, (file, size) => {
    if (size > LONGEST) throw wrong(`its ${size} bytes exceed the limit of 4 GiB`);
    const bytes = new Uint8Array(size);
    if (!readFully(file, bytes, 0)) throw wrong("it shrank while it was read");
    const most = EXPANSION * size + ROOM;
    const layout = isZip(bytes) ? "zip" : "legacy";
    const contents = layout === "zip" ? openZip(bytes, most, wrong) : openLegacy(bytes, wrong);
    const { pickled, skipped } = flatten(contents.value, wrong);
    return scope(() => ({ tensors: build(pickled, contents, most, wrong), layout, skipped }));
  });
}

/** The tensors in nested dictionaries and lists, by path, and the paths of optimisers' states. */
function flatten(value: unknown, wrong: Wrong) {
  const pickled = new Map<string, PickledTensor>();
  const skipped: string[] = [];
  const open = new Set<unknown>(); // the containers of the current value
  let visited = 0;
  const isTable = (item: unknown): item is Map<unknown, unknown> | unknown[] =>
    item instanceof Map || Array.isArray(item);
  const visit = (item: unknown, path: string, key?: unknown) => {
    if (++visited > MOST_VALUES) throw wrong("it nests more values than any network has");
    if (path.length > LONGEST_NAME) throw wrong("its names are longer than any network's");
    if (item instanceof PickledTensor) {
      if (pickled.has(path)) throw wrong(`two of its tensors have the name ${path}`);
      pickled.set(path, item);
    } else if (typeof key === "string" && OPTIMIZER.test(key) && isTable(item)) {
      if (skipped.length >= MOST_SKIPPED) throw wrong("it has more optimisers than any training");
      skipped.push(path);
    } else if (isTable(item)) {
      if (open.has(item)) throw wrong(`its ${path} contains itself`);
      if (open.size > 100) throw wrong("its values are nested too deeply");
      open.add(item);
      for (const [key, inner] of item.entries()) {
        const own = typeof key === "object" ? "?" : String(key);
        visit(inner, path === "" ? own : `${path}.${own}`, key);
      }
      open.delete(item);
    }
  };
  visit(value, "");
  if (pickled.size === 0) throw wrong("it does not contain tensors");
  return { pickled, skipped };
}

const asStrided = operator("as_strided");

/** Creates tensors as views of their storages. All indices have been checked. */
function build(
  pickled: ReadonlyMap<string, PickledTensor>,
  contents: Contents,
  most: number,
  wrong: Wrong,
): TensorMap {
  let total = 0;
  const views = [...pickled].map(([path, tensor]) => {
    const name = path || "tensor"; // saved without a dictionary around it
    const view = tensor.view((what) => wrong(`its tensor ${name} ${what}`));
    total += view.count * elementSize(view.storage.dtype);
    if (!(total <= most)) throw wrong(`its tensors would take more than ${most} bytes`);
    return { name, ...view };
  });
  const storages = new Map(views.map(({ storage }) => [storage.key, storage]));
  const bytes = contents.bytes(storages);
  const made = new Map(
    [...storages].map(([key, { dtype, count }]) => {
      const data = bytes.get(key) as Uint8Array;
      return [key, new Tensor(native.fromArray(data, [count], scalarType(dtype)))] as const;
    }),
  );
  return new Map(
    views.map(({ name, storage, shape, strides, offset }) => [
      name,
      asStrided(made.get(storage.key), shape, strides, offset),
    ]),
  );
}
