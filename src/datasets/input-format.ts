/** What a network expects its pixels to be: (channel value - mean) * scale. */
export interface InputFormat {
  readonly order: "rgb" | "bgr";
  /** Per channel, in `order`, on the scale 0..255. */
  readonly mean: readonly [number, number, number];
  readonly scale: number;
}

/** The Caffe convention of the reference: BGR, 0..255, minus the ImageNet means. */
export const CAFFE_INPUT: InputFormat = {
  order: "bgr",
  mean: [104.00698793, 116.66876762, 122.67891434],
  scale: 1,
};
