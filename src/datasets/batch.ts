import {
  constant,
  inLayout,
  noGrad,
  scope,
  type Tensor,
  tensor,
  uploadAll,
} from "../torch/index.js";
import type { Sample } from "./dataset.js";
import type { InputFormat } from "./input-format.js";

/** The mean of a format, float32 [3]. */
const meanOf = ({ mean }: InputFormat, device: string): Tensor =>
  constant(`mean ${mean} ${device}`, () => tensor(Float32Array.from(mean)).to({ device }));

/** Samples of one size -> float32 [N, 3, H, W] as the network expects it. */
export function imagesOf(samples: readonly Sample[], format: InputFormat, device = "cpu"): Tensor {
  const [{ height, width }] = samples as [Sample];
  return noGrad(() =>
    scope(() => {
      const bytes = samples.map((sample) => sample.image);
      const raw = uploadAll(bytes, [samples.length, height, width, 3], device);
      const ordered = format.order === "bgr" ? raw.flip(3) : raw;
      const values = ordered
        .to({ dtype: "float32" })
        .sub(meanOf(format, device)) // [N, H, W, 3]
        .mulInPlace(format.scale);
      return inLayout(values.permute(0, 3, 1, 2)); // [N, 3, H, W]
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
  // As bytes, which become int64 on the device.
  return scope(() =>
    uploadAll(maps, [samples.length, height, width], device).to({ dtype: "int64" }),
  );
}
