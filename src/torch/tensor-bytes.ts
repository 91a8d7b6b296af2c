import { empty } from "./creation.js";
import type { Dtype } from "./dtype.js";
import { operator } from "./operator.js";
import { copyInto } from "./ops.js";
import { scope } from "./scope.js";
import type { Tensor } from "./tensor.js";

const CHUNK = 2 ** 24; // bytes
const narrow = operator("narrow");

/** Reads tensors in pieces through one buffer for each element type. */
export interface BytesReader {
  /**
   * The elements in row-major order, as the bytes that files have, from any device and layout. The next
   * piece overwrites the one before.
   */
  read(tensor: Tensor): Iterable<Uint8Array>;
  dispose(): void;
}

/** A reader whose memory does not grow with the tensors, unlike that of a loop over `bytes()`. */
export function openBytesReader(): BytesReader {
  const buffers = new Map<Dtype, { readonly tensor: Tensor; readonly bytes: Uint8Array }>();
  const bufferFor = ({ dtype, itemSize }: Tensor) => {
    let buffer = buffers.get(dtype);
    if (buffer === undefined) {
      const tensor = empty([CHUNK / itemSize], { dtype });
      buffer = { tensor, bytes: new Uint8Array(tensor.array.buffer) };
      buffers.set(dtype, buffer);
    }
    return buffer;
  };
  return {
    *read(tensor) {
      const { count, itemSize } = tensor;
      const { tensor: buffer, bytes } = bufferFor(tensor);
      const most = CHUNK / itemSize;
      const flat = scope(() => tensor.detach().reshape(-1)); // a copy only if it is not contiguous
      try {
        for (let from = 0; from < count; from += most) {
          const part = Math.min(most, count - from);
          scope(() => {
            copyInto(narrow(buffer, 0, 0, part), narrow(flat, 0, from, part));
          });
          yield bytes.subarray(0, part * itemSize);
        }
      } finally {
        flat.dispose();
      }
    },
    dispose() {
      for (const { tensor } of buffers.values()) tensor.dispose();
    },
  };
}
