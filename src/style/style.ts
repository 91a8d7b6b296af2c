import type { Sample } from "../datasets/dataset.js";
import { UserError } from "../errors.js";
import { keep, noGrad, scope, type Tensor, tensor } from "../torch/index.js";

/**
 * Gives one image the look of others. It computes a list of statistics from a style image; those of
 * several images may be averaged, which for AdaIN is the published interpolation of styles.
 */
export interface Style {
  /** The smallest side of an image, in pixels; 1 if omitted. */
  readonly leastSide?: number;
  /** The device of the style's statistics. Default: the CPU. Images are on the CPU. */
  readonly device?: string;
  /** A style image [3, H, W], 0..1 -> its statistics. */
  statistics(style: Tensor): Tensor[];
  /** A content image [3, H, W], 0..1 -> the restyled image of the same size, about 0..1. */
  apply(content: Tensor, statistics: readonly Tensor[], alpha: number): Tensor;
}

/** A mix of content and result: alpha 0 is the content, 1 the result. */
export function mix(content: Tensor, result: Tensor, alpha: number): Tensor {
  return alpha === 1 ? result : content.mul(1 - alpha).add(result.mul(alpha));
}

/** The pixels of a sample: float32 [3, H, W], 0..1. */
export function pixelsOf({ image, height, width }: Sample): Tensor {
  return tensor(image, [height, width, 3]).to({ dtype: "float32" }).div(255).permute(2, 0, 1);
}

/** An image [3, H, W], 0..1, as the bytes of a sample, row-major RGB. */
export function bytesOf(image: Tensor): Uint8Array {
  const bytes = image.permute(1, 2, 0).mul(255).add(0.5).clamp(0, 255);
  return bytes.to({ dtype: "uint8" }).typed() as Uint8Array;
}

/** @throws UserError naming an image that is too small for the style */
export function requireSize({ leastSide = 1 }: Style, { name, width, height }: Sample): void {
  if (Math.min(width, height) >= leastSide) return;
  throw new UserError(
    "size-mismatch",
    `${name} is ${width}x${height} pixels, but this style needs at least ${leastSide}x${leastSide}: ` +
      `exclude it with \`exclude: ["${name}"]\`, or choose another style.method`,
  );
}

/** The statistics of a style image. The caller disposes them. */
export function lookAt(style: Style, sample: Sample): Tensor[] {
  requireSize(style, sample);
  return noGrad(() => keep(scope(() => style.statistics(pixelsOf(sample)).map((s) => s.clone()))));
}

/** The element-wise mean of several images' statistics. */
export function average(statistics: readonly (readonly Tensor[])[]): Tensor[] {
  const [first = [], ...rest] = statistics;
  if (rest.length === 0) return [...first];
  return first.map((part, i) =>
    rest.reduce((sum, other) => sum.add(other[i] as Tensor), part).div(statistics.length),
  );
}

/** A sample with the look of the statistics; its label map stays the same. */
export function restyle(
  style: Style,
  content: Sample,
  statistics: readonly Tensor[],
  alpha: number,
): Sample {
  requireSize(style, content);
  const image = noGrad(() =>
    scope(() => bytesOf(style.apply(pixelsOf(content), statistics, alpha))),
  );
  return { ...content, image };
}
