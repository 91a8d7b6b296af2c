/** How much smaller than the image the features of a backbone may be. */
export const OUTPUT_STRIDES = [8, 16] as const;
/** An entry of `OUTPUT_STRIDES`. */
export type OutputStride = (typeof OUTPUT_STRIDES)[number];

/** What a layer of a classifier becomes in a backbone of a smaller output stride. */
export interface AtrousLayer {
  readonly stride: number;
  /** By which its input is dilated: that of a convolution which had the stride. */
  readonly dilation: number;
  /** By which its output is dilated: that of the convolutions that follow. */
  readonly after: number;
}

/**
 * Strides of successive layers, of which the first sees its input at stride `from`, changed so that their
 * product does not exceed `outputStride`: a stride that would is 1, and what follows it is dilated
 * instead, so that the published weights see what they were trained on. Chen et al. 2017, section 3.1.
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
