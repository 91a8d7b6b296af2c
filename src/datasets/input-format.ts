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

/** TensorFlow's: RGB from -1 to 1. */
export const UNIT_INPUT: InputFormat = {
  order: "rgb",
  mean: [127.5, 127.5, 127.5],
  scale: 1 / 127.5,
};

/** torchvision's: RGB minus the means, divided by the mean of the three deviations (within 1.5 % of each). */
export const TORCHVISION_INPUT: InputFormat = {
  order: "rgb",
  mean: [123.675, 116.28, 103.53],
  scale: 1 / 57.63,
};

/** The conventions by name. */
export const INPUT_FORMATS = {
  caffe: CAFFE_INPUT,
  torchvision: TORCHVISION_INPUT,
  tensorflow: UNIT_INPUT,
} as const;

/** A name of `INPUT_FORMATS`. */
export type InputName = keyof typeof INPUT_FORMATS;
