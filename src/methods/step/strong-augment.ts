import { z } from "zod";
import type { InputFormat } from "../../datasets/input-format.js";
import {
  cat,
  constant,
  conv2d,
  noGrad,
  operator,
  rand,
  reflectionPad,
  scope,
  stack,
  type Tensor,
  tensor,
  uploadAll,
  where,
} from "../../torch/index.js";

/** Options of strong augmentation. The defaults are those of DACS and DAFormer. */
export const strongOptions = z.strictObject({
  /** Brightness, contrast and saturation change by factors in 1 - jitter .. 1 + jitter, in 4 of 5 images. */
  jitter: z.number().min(0).max(1).default(0.2),
  /** In the same images, the hue changes by up to this fraction of the colour circle. */
  hue: z.number().min(0).max(0.5).default(0.2),
  /** Probability that an image is converted to grey. */
  grey: z.number().min(0).max(1).default(0),
  /** Largest deviation of a Gaussian blur, in pixels, for half of the images. */
  blur: z.number().min(0).max(10).default(1.15),
});

const JITTERED = 0.8;
const BLURRED = 0.5;
/** Smallest deviation of a blur, in pixels. */
const LEAST_BLUR = 0.15;

/**
 * Strongly augments normalised images [N, 3, H, W]: colour jitter including hue, greyscale and Gaussian
 * blur, drawn for each image from libtorch's generator. Tranheden et al., DACS, WACV
 * 2021, section 3.3; Hoyer et al., DAFormer, CVPR 2022.
 */
export function strongly(
  images: Tensor,
  format: InputFormat,
  { jitter, hue, grey, blur }: z.infer<typeof strongOptions>,
): Tensor {
  return noGrad(() =>
    scope(() => {
      const n = images.size(0);
      const draws = rand([n, 8]).array as Float32Array;
      const drawn = (i: number, column: number) => draws[i * 8 + column] as number;
      const perImage = (of: (i: number) => number) =>
        uploadAll([Float32Array.from({ length: n }, (_, i) => of(i))], [n, 1, 1, 1], images.device);
      const within = (most: number, column: number) => (i: number) =>
        drawn(i, 0) < JITTERED ? most * (2 * drawn(i, column) - 1) : 0;
      const factor = (column: number) => perImage((i) => 1 + within(jitter, column)(i));
      const colored = recolored(pixelsOf(images, format), {
        ...{ brightness: factor(1), contrast: factor(2), saturation: factor(3) },
        hue: perImage(within(hue, 4)),
      });
      const isGrey = perImage((i) => (drawn(i, 5) < grey ? 1 : 0)).gt(0);
      const toned = grey > 0 ? where(isGrey, greyOf(colored), colored) : colored;
      const blurs = Array.from({ length: n }, (_, i) => {
        const one = toned.slice(0, i, i + 1);
        const deviation = LEAST_BLUR + (blur - LEAST_BLUR) * drawn(i, 7);
        return blur > LEAST_BLUR && drawn(i, 6) < BLURRED ? blurred(one, deviation) : one;
      });
      return normalised(cat(blurs), format);
    }),
  );
}

/** Normalised images -> RGB from 0 to 1. */
function pixelsOf(images: Tensor, format: InputFormat): Tensor {
  const values = images.div(format.scale).add(meanOf(format, images.device)).div(255);
  return format.order === "bgr" ? values.flip(1) : values;
}

/** RGB from 0 to 1 -> normalised images. */
function normalised(pixels: Tensor, format: InputFormat): Tensor {
  const values = format.order === "bgr" ? pixels.flip(1) : pixels;
  return values.mul(255).sub(meanOf(format, pixels.device)).mul(format.scale);
}

const meanOf = ({ mean }: InputFormat, device: string): Tensor =>
  constant(`mean of channels ${mean} ${device}`, () =>
    tensor(Float32Array.from(mean), [1, 3, 1, 1]).to({ device }),
  );

/** Changes of colours, [N, 1, 1, 1] each: three factors, and the hue's in fractions of the colour circle. */
export interface Recoloring {
  readonly brightness: Tensor;
  readonly contrast: Tensor;
  readonly saturation: Tensor;
  readonly hue: Tensor;
}

/** Applies the changes to RGB [N, 3, H, W] in 0..1 in this order, as defined by torchvision. */
export function recolored(
  pixels: Tensor,
  { brightness, contrast, saturation, hue }: Recoloring,
): Tensor {
  return scope(() => {
    const between = (x: Tensor, y: Tensor, factor: Tensor) =>
      x
        .mul(factor)
        .add(y.mul(factor.neg().add(1)))
        .clamp(0, 1);
    const bright = pixels.mul(brightness).clamp(0, 1);
    const contrasted = between(bright, greyOf(bright).mean([1, 2, 3], true), contrast);
    return turnHue(between(contrasted, greyOf(contrasted), saturation), hue);
  });
}

/** RGB [N, 3, H, W] -> luma [N, 1, H, W]. */
function greyOf(pixels: Tensor): Tensor {
  const [r, g, b] = channels(pixels);
  return r.mul(0.299).add(g.mul(0.587)).add(b.mul(0.114));
}

const channels = (x: Tensor): [Tensor, Tensor, Tensor] =>
  [0, 1, 2].map((c) => x.slice(1, c, c + 1)) as [Tensor, Tensor, Tensor];

const remainder = operator("remainder.Scalar");
const minimum = operator("minimum");
const amin = operator("amin");

/** Rotates the hue by fractions of the colour circle; saturation and value of HSV do not change. */
function turnHue(pixels: Tensor, by: Tensor): Tensor {
  const [r, g, b] = channels(pixels);
  const most = pixels.amax(1, true);
  const range = most.sub(amin(pixels, [1], true)); // V S
  const divisor = range.add(range.eq(0).to({ dtype: "float32" }));
  const sixth = (x: Tensor, y: Tensor, at: number) => x.sub(y).div(divisor).add(at);
  const hue = where(
    r.eq(most),
    sixth(g, b, 0),
    where(g.eq(most), sixth(b, r, 2), sixth(r, g, 4)),
  ).add(by.mul(6)); // in sixths of the circle
  return cat(
    [5, 3, 1].map((n) => {
      const k = remainder(hue.add(n), 6);
      const share = minimum(k, k.neg().add(4)).clamp(0, 1);
      return most.sub(range.mul(share));
    }),
    1,
  );
}

/** Gaussian blur of an image [1, C, H, W]: kernel of three deviations to each side, reflected borders. */
export function blurred(image: Tensor, deviation: number): Tensor {
  return scope(() => {
    const [, channels, height, width] = image.shape as [number, number, number, number];
    const radius = Math.min(Math.ceil(3 * deviation), height - 1, width - 1);
    const weights = Float32Array.from({ length: 2 * radius + 1 }, (_, i) =>
      Math.exp(-((i - radius) ** 2) / (2 * deviation ** 2)),
    );
    const sum = weights.reduce((a, b) => a + b, 0);
    const kernel = uploadAll(
      [weights.map((weight) => weight / sum)],
      [weights.length],
      image.device,
    );
    const along = (shape: readonly [number, number]) =>
      stack(Array.from({ length: channels }, () => kernel.reshape(1, ...shape)));
    const padded = reflectionPad(image, radius);
    const rows = conv2d(padded, along([1, weights.length]), null, { groups: channels });
    return conv2d(rows, along([weights.length, 1]), null, { groups: channels });
  });
}
