import { readFileSync } from "node:fs";

// Parameters and inputs of the golden vectors are made from their names; see the folder's README. Plain
// JavaScript, since `npm run gpu` uses it without a compiler.

/**
 * @typedef {object} GoldenTensor
 * @property {number[]} shape
 * @property {Float32Array | BigInt64Array} data
 */

/**
 * FNV-1a, 32 bits, of a name's UTF-8 bytes.
 * @param {string} name
 */
function fnv1a32(name) {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(name, "utf8")) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}

/**
 * n numbers in [-1, 1), drawn in order by mulberry32 from the hash of `name`.
 * @param {string} name
 * @param {number} n
 */
export function u(name, n) {
  const values = new Float64Array(n); // loops: a network has 44 million numbers
  let state = fnv1a32(name);
  for (let i = 0; i < n; i++) {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    values[i] = 2 * (((t ^ (t >>> 14)) >>> 0) / 2 ** 32) - 1;
  }
  return values;
}

/**
 * The value of a parameter by its state-dict name; undefined for counters.
 * @param {string} name
 * @param {readonly number[]} shape
 * @returns {Float32Array | undefined}
 */
export function goldenParameter(name, shape) {
  if (name.endsWith("num_batches_tracked")) return undefined;
  const count = shape.reduce((product, size) => product * size, 1);
  const fanIn = count / (shape[0] ?? 1);
  const [offset = 0, factor = 0] =
    shape.length === 4
      ? [0, Math.sqrt(3 / fanIn) * Math.sqrt(2)]
      : shape.length === 2
        ? [0, Math.sqrt(3 / (shape[1] ?? 1))]
        : name.endsWith("running_var")
          ? [1, 0.2]
          : name.endsWith("weight")
            ? [1, 0.1]
            : [0, 0.1];
  const draws = u(name, count);
  const values = new Float32Array(count);
  for (let i = 0; i < count; i++) values[i] = offset + factor * (draws[i] ?? 0);
  return values;
}

/**
 * Every tensor of a recorded file, read without the project's own reader.
 * @param {string} file
 * @returns {Map<string, GoldenTensor>}
 */
export function readGolden(file) {
  const bytes = readFileSync(new URL(file, import.meta.url));
  const start = 8 + Number(bytes.readBigUInt64LE());
  /** @typedef {{ dtype: string, shape: number[], data_offsets: [number, number] }} Entry */
  const { __metadata__, ...entries } = JSON.parse(bytes.subarray(8, start).toString());
  return new Map(
    Object.entries(/** @type {Record<string, Entry>} */ (entries)).map(
      ([
        name,
        {
          dtype,
          shape,
          data_offsets: [from, to],
        },
      ]) => {
        const { buffer } = new Uint8Array(bytes.subarray(start + from, start + to)); // aligned copy
        const data = dtype === "I64" ? new BigInt64Array(buffer) : new Float32Array(buffer);
        return [name, { shape, data }];
      },
    ),
  );
}
