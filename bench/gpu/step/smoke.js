// Devices, bytes, memory and errors: what must work before anything else is worth a try.
import { UserError } from "../../../dist/errors.js";
import {
  deviceCapacity,
  deviceMemory,
  deviceName,
  deviceNamed,
  gpuCount,
  manualSeed,
  randn,
  resetDevicePeak,
  scope,
  tensor,
  useDevice,
  zeros,
} from "../../../dist/torch/index.js";
import { relativeError } from "../difference.js";
import { attempt, check, measured, skip, within } from "../report.js";
import { device, isGpu } from "../settings.js";

await attempt("devices", () => {
  const name = deviceNamed(device);
  check("the device exists", true, `${name}, ${gpuCount()} GPUs, ${deviceName(name) ?? "no name"}`);
  useDevice(name, { tf32: false, benchmark: true });
});

await attempt("bytes", () => {
  const arrays = [
    Uint8Array.of(0, 1, 127, 255),
    Int32Array.of(-1, 0, 2 ** 31 - 1),
    BigInt64Array.of(-(2n ** 62n), 0n, 2n ** 62n),
    Float32Array.of(0, -0, 1.5, Number.NaN, Number.POSITIVE_INFINITY),
    Float64Array.of(Math.PI, Number.MIN_VALUE),
  ];
  for (const array of arrays) {
    const back = scope(() => tensor(array, [array.length], { device }).typed());
    const same = Object.is(String(back), String(array)) && back.constructor === array.constructor;
    check(`${array.constructor.name} to the device and back`, same, String(back));
  }
});

/** The relative error of a product of float32 matrices against float64. */
const productError = () =>
  scope(() => {
    manualSeed(1);
    const [a, b] = [randn([256, 256]), randn([256, 256])];
    const exact = a.to({ dtype: "float64" }).matmul(b.to({ dtype: "float64" }));
    return relativeError(a.to({ device }).matmul(b.to({ device })).numbers(), exact.numbers());
  });

await attempt("arithmetic", () => {
  within("a float32 product", productError(), 2e-6);
  if (!isGpu) return skip("a TF32 product", "needs a GPU");
  useDevice(deviceNamed(device), { tf32: true });
  const error = productError();
  check("a TF32 product", error > 1e-5 && error < 2e-3, error.toExponential(1));
  useDevice(deviceNamed(device), { tf32: false });
});

await attempt("memory", () => {
  if (!isGpu) return skip("memory of the device", "needs a GPU");
  const before = deviceMemory(device);
  const capacity = deviceCapacity(device);
  if (!before || !capacity) throw new Error("the addon was built without CUDA's headers");
  const size = 64 << 20;
  const held = scope(() => {
    zeros([size], { dtype: "uint8", device });
    return deviceMemory(device)?.allocated ?? 0;
  });
  const after = deviceMemory(device);
  check("64 MiB are counted", held - before.allocated === size, `${held - before.allocated}`);
  check("and freed", after?.allocated === before.allocated);
  check("at the peak", (after?.peak ?? 0) >= held);
  check("and reserved", (after?.reserved ?? 0) >= size);
  resetDevicePeak(device);
  check("the peak is reset", deviceMemory(device)?.peak === before.allocated);
  check("free is at most total", capacity.free <= capacity.total && capacity.free > 0);
  measured("capacity", capacity);
});

/**
 * Checks that `body` throws a UserError of this code that contains `words`.
 * @param {string} name
 * @param {string} code
 * @param {string[]} words
 * @param {() => unknown} body
 */
function explains(name, code, words, body) {
  try {
    scope(body);
    check(name, false, "no error");
  } catch (error) {
    const { message } = /** @type {Error} */ (error);
    const right = error instanceof UserError && error.code === code;
    check(name, right && words.every((word) => message.includes(word)), message);
  }
}

await attempt("errors", () => {
  const words = isGpu ? [deviceNamed(device), deviceName(device) ?? "GiB"] : ["GiB"];
  explains("out of memory is explained", "out-of-memory", words, () => {
    zeros([2 ** 20, 2 ** 20], { device });
  });
  explains("a wrong index is explained", "no-device", ["cuda:99"], () => deviceNamed("cuda:99"));
  check("the device works after an error", scope(() => zeros([2], { device }).sum().item()) === 0);
});
