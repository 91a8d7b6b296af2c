import type { Sample } from "./dataset.js";

/** Mirrors image and label left to right. Tensors are mirrored by `flip(3)`. */
export function mirrored(sample: Sample): Sample {
  const { width, image, label } = sample;
  const turned = { ...sample, image: mirroredRows(image, width, 3) };
  return label ? { ...turned, label: mirroredRows(label, width, 1) } : turned;
}

function mirroredRows(values: Uint8Array, width: number, channels: number): Uint8Array {
  const result = new Uint8Array(values.length);
  const row = width * channels;
  for (let start = 0; start < values.length; start += row) {
    for (let x = 0; x < width; x++) {
      const from = start + x * channels;
      const to = start + (width - 1 - x) * channels;
      for (let c = 0; c < channels; c++) result[to + c] = values[from + c] as number;
    }
  }
  return result;
}
