import { operator, type Tensor } from "../torch/index.js";

const contiguous = operator("contiguous");
const CHANNELS_LAST = 2; // c10::MemoryFormat

/**
 * A bfloat16 map [N, C, H, W] with the channels of a pixel side by side in memory: layers keep the order, and
 * depthwise and 1x1 convolutions on the CPU are up to twice as fast in it. A float32 map as it is: libtorch
 * 1.13 sums statistics of such maps in float32, and would lose digits that bfloat16 does not have.
 */
export const channelsLast = (x: Tensor): Tensor =>
  x.dtype === "bfloat16" ? contiguous(x, CHANNELS_LAST) : x;
