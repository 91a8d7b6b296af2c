import type { Size } from "../../../src/datasets/dataset.js";

/** A mask [height * width] from COCO's text coding of runs, as maskApi.c reads it. */
export function cocoMask(text: string, { width, height }: Size): Uint8Array {
  const runs: number[] = [];
  for (let at = 0; at < text.length; ) {
    let [x, k, more] = [0, 0, true];
    while (more) {
      const c = text.charCodeAt(at++) - 48;
      x |= (c & 31) << (5 * k++);
      more = (c & 32) !== 0;
      if (!more && c & 16) x |= -1 << (5 * k);
    }
    runs.push(runs.length > 2 ? x + (runs[runs.length - 2] as number) : x);
  }
  const mask = new Uint8Array(width * height);
  let at = 0;
  for (const [i, run] of runs.entries()) {
    for (let k = 0; k < run; k++, at++) {
      mask[(at % height) * width + Math.floor(at / height)] = i % 2;
    }
  }
  if (at !== mask.length) throw new Error(`${at} pixels in the runs of ${mask.length}`);
  return mask;
}

/** A mask [height * width] from Label Studio's coding, as its converter's decode_rle reads it. */
export function brushMask(rle: readonly number[]): Uint8Array {
  const bits = rle.map((byte) => byte.toString(2).padStart(8, "0")).join("");
  let at = 0;
  const read = (count: number) => {
    at += count;
    return Number.parseInt(bits.slice(at - count, at), 2);
  };
  const values = new Uint8Array(read(32));
  const word = read(5) + 1;
  const sizes = Array.from({ length: 4 }, () => read(4) + 1);
  for (let i = 0; i < values.length; ) {
    const isRun = read(1) === 1;
    const end = i + 1 + read(sizes[read(2)] as number);
    if (isRun) values.fill(read(word), i, end);
    else for (let k = i; k < end; k++) values[k] = read(word);
    i = end;
  }
  if (bits.length - at >= 8) throw new Error("bytes are left");
  return values.filter((_, i) => i % 4 === 3).map((alpha) => (alpha > 0 ? 1 : 0));
}

/** Labels [height * width] from polygons in their order: a pixel belongs to one if its centre does. */
export function drawn(
  shapes: readonly { value: number; points: readonly (readonly number[])[] }[],
  { width, height }: Size,
): Uint8Array {
  const labels = new Uint8Array(width * height).fill(255);
  for (const { value, points } of shapes) {
    for (let y = 0; y < height; y++) {
      const crossings = points.flatMap(([x1 = 0, y1 = 0], i) => {
        const [x2 = 0, y2 = 0] = points[(i + 1) % points.length] ?? [];
        const center = y + 0.5;
        if (y1 <= center === y2 <= center) return [];
        return [x1 + ((center - y1) * (x2 - x1)) / (y2 - y1)];
      });
      for (let x = 0; x < width; x++) {
        if (crossings.filter((crossing) => crossing < x + 0.5).length % 2 === 1) {
          labels[y * width + x] = value;
        }
      }
    }
  }
  return labels;
}
