import { noGrad, scope, type Tensor, tensor, upload } from "../torch/index.js";
import type { Sample } from "./dataset.js";
import type { InputFormat } from "./input-format.js";

function concatenate(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}

/** Samples of one size -> float32 [N, 3, H, W] as the network expects it. */
export function imagesOf(samples: readonly Sample[], format: InputFormat, device = "cpu"): Tensor {
  const [{ height, width }] = samples as [Sample];
  return noGrad(() =>
    scope(() => {
      const bytes = concatenate(samples.map((sample) => sample.image));
      const raw = upload(tensor(bytes, [samples.length, height, width, 3]), device);
      const ordered = format.order === "bgr" ? raw.flip(3) : raw;
      const mean = tensor(Float32Array.from(format.mean)).to({ device });
      return ordered
        .to({ dtype: "float32" })
        .sub(mean) // [N, H, W, 3]
        .mulInPlace(format.scale)
        .permute(0, 3, 1, 2)
        .contiguous(); // [N, 3, H, W]
    }),
  );
}

/** The label maps of samples of one size -> int64 [N, H, W]. Throws if a sample has none. */
export function labelsOf(samples: readonly Sample[], device = "cpu"): Tensor {
  const [{ height, width }] = samples as [Sample];
  const maps = samples.map(({ label, name }) => {
    if (label === undefined) throw new Error(`${name} does not have a label map`);
    return label;
  });
  return scope(() =>
    upload(tensor(concatenate(maps), [samples.length, height, width]), device).to({
      dtype: "int64",
    }),
  );
}
