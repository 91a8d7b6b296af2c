import { UserError } from "../errors.js";
import { deviceCapacity, deviceMemory, deviceName } from "./device-memory.js";

const EXHAUSTED =
  /out of memory|not enough memory|alloc(ate)? memory|bad_alloc|(CUBLAS|CUDNN)_STATUS_ALLOC_FAILED/i;

/** Converts an out-of-memory error of libtorch to a UserError with the sizes; returns others unchanged. */
export function explained(error: unknown): unknown {
  const { message = "" } = error as Partial<Error>;
  if (error instanceof UserError || !EXHAUSTED.test(message)) return error;
  const asked = /tried to allocate ([\d.]+ ?[KMG]?i?B(?:ytes)?)/i.exec(message)?.[1];
  const wanted = asked === undefined ? "" : `: ${inUnits(asked)} were requested`;
  const advice = "use smaller images, a smaller batch, a narrower network or bfloat16";
  const gpu = gpuOf(message);
  const where = gpu === undefined ? "" : ` on ${gpu}${stateOf(gpu)}`;
  return new UserError("out-of-memory", `out of memory${where}${wanted}; ${advice}`, {
    cause: error,
  });
}

/** The GPU in a message, "GPU 1" or "device 1"; the first if no index is given; undefined for the CPU. */
function gpuOf(message: string): string | undefined {
  if (!/CUDA|CUBLAS|CUDNN/.test(message)) return undefined;
  return `cuda:${/\b(?:GPU|device) (\d+)/.exec(message)?.[1] ?? 0}`;
}

/** " (NVIDIA H100, 79.1 GiB: this process has reserved 70.2 GiB, 69.8 GiB of it for tensors, ...)". */
function stateOf(device: string): string {
  const memory = deviceMemory(device);
  const capacity = deviceCapacity(device);
  if (memory === undefined || capacity === undefined) return "";
  const { allocated, reserved } = memory;
  const { free, total } = capacity;
  const name = deviceName(device);
  return (
    ` (${name}, ${gibibytes(total)}: this process has reserved ${gibibytes(reserved)}, ` +
    `${gibibytes(allocated)} of it for tensors, and ${gibibytes(free)} are free)`
  );
}

/** "1.5 GiB". */
const gibibytes = (bytes: number): string => `${(bytes / 2 ** 30).toFixed(1)} GiB`;

/** libtorch's CPU allocator prints bytes: "4398046511104 bytes". */
function inUnits(text: string): string {
  const bytes = /^(\d+) ?B(ytes)?$/i.exec(text)?.[1];
  return bytes === undefined ? text : gibibytes(Number(bytes));
}
