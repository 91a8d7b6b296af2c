/** The supported ratios of image size to feature size. */
export const OUTPUT_STRIDES = [8, 16] as const;
/** An entry of `OUTPUT_STRIDES`. */
export type OutputStride = (typeof OUTPUT_STRIDES)[number];

/** A layer of a classifier, adapted to a backbone with a smaller output stride. */
export interface AtrousLayer {
  readonly stride: number;
  /** Dilation of its input, for the convolution that had the stride. */
  readonly dilation: number;
  /** Dilation of its output, for the convolutions that follow. */
  readonly after: number;
}

/**
 * Strides of successive layers, changed so that their product with `from`, the stride of the first layer's
 * input, does not exceed `outputStride`: a stride that would exceed it becomes 1, and later convolutions are
 * dilated instead, which keeps the receptive field of published weights. Chen et al. 2017, section 3.1.
 */
export function atrous(
  strides: readonly number[],
  from: number,
  outputStride: OutputStride,
): AtrousLayer[] {
  let reached = from;
  let dilation = 1;
  return strides.map((wanted) => {
    const stride = reached * wanted > outputStride ? 1 : wanted;
    const before = dilation;
    reached *= stride;
    dilation *= wanted / stride;
    return { stride, dilation: before, after: dilation };
  });
}
