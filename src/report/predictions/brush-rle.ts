/** Bits of the length of a run, by the two bits that select one. */
const LENGTH_BITS = [3, 4, 8, 16] as const;
const LONGEST = 2 ** 16;
/** Values per pixel: Label Studio stores RGBA, and reads alpha. */
const CHANNELS = 4;

/**
 * The region of `value` in labels [height * width], in the run-length coding of Label Studio's brush labels
 * (label-studio-sdk, converter/brush.py; thi-ng rle-pack): the number of values in 32 bits, the bits of a
 * value - 1 in 5, those of the four lengths - 1 in 4 each; then each run as 1, the index of its length's
 * bits, length - 1 and value.
 */
export function brushRle(labels: Uint8Array, value: number): number[] {
  const bits = bitWriter();
  bits.write(labels.length * CHANNELS, 32);
  bits.write(7, 5);
  for (const length of LENGTH_BITS) bits.write(length - 1, 4);
  const writeRun = (length: number, filled: boolean) => {
    for (let left = length; left > 0; left -= LONGEST) {
      const part = Math.min(left, LONGEST);
      const index = LENGTH_BITS.findIndex((n) => part <= 2 ** n);
      bits.write(1, 1);
      bits.write(index, 2);
      bits.write(part - 1, LENGTH_BITS[index] as number);
      bits.write(filled ? 255 : 0, 8);
    }
  };
  let start = 0;
  for (let at = 1; at <= labels.length; at++) {
    const inside = labels[start] === value;
    if (at < labels.length && (labels[at] === value) === inside) continue;
    writeRun((at - start) * CHANNELS, inside);
    start = at;
  }
  return bits.bytes();
}

/** Collects bits, the highest first, into bytes. */
function bitWriter() {
  const bytes: number[] = [];
  let byte = 0;
  let count = 0;
  return {
    write(value: number, bits: number): void {
      for (let bit = bits - 1; bit >= 0; bit--) {
        byte = (byte << 1) | (Math.floor(value / 2 ** bit) & 1);
        if (++count < 8) continue;
        bytes.push(byte);
        byte = count = 0;
      }
    },
    bytes: (): number[] => (count > 0 ? [...bytes, byte << (8 - count)] : bytes),
  };
}
