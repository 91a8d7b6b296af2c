import { batchNorm, heInit, type Layer, type Parameters, relu, sequential } from "../nn/index.js";
import * as torch from "../torch/index.js";

/** Maps from features to the space of the prototypes, per pixel: identity, one layer, or two layers. */
export const PROJECTION_HEADS = ["none", "linear", "moco", "simclr", "byol"] as const;
/** A name of `PROJECTION_HEADS`. */
export type ProjectionHeadName = (typeof PROJECTION_HEADS)[number];

/** A fully connected layer applied to every pixel: weight [out, in], bias [out]. */
function perPixel(p: Parameters, inputs: number, outputs: number): Layer {
  const weight = p.parameter("weight", [outputs, inputs], heInit);
  const bias = p.parameter("bias", [outputs], (tensor) => tensor.zeroInPlace());
  return (x) => torch.conv2d(x, weight.reshape(outputs, inputs, 1, 1), bias);
}

/**
 * Maps features [N, D, H, W] to the space of the prototypes, [N, D, H, W], per pixel.
 * Normalisation over all pixels of the batch equals the reference's BatchNorm1d over rows.
 */
export function projectionHead(p: Parameters, name: ProjectionHeadName, channels: number): Layer {
  const layer = (index: number) => perPixel(p.sub(index), channels, channels);
  const norm = (index: number) => batchNorm(p.sub(index), channels);
  switch (name) {
    case "none":
      return (x) => x;
    case "linear":
      return layer(0);
    case "moco":
      return sequential(layer(0), relu, layer(2));
    case "simclr":
      return sequential(layer(0), norm(1), relu, layer(3), norm(4));
    case "byol":
      return sequential(layer(0), norm(1), relu, layer(3));
    default:
      return name satisfies never;
  }
}
