import type { Tensor } from "../torch/index.js";
import { mix, type Style } from "./style.js";

const FLAT = 1e-5; // avoids a division by 0 for a channel without contrast

/**
 * Exchanges mean and deviation of each colour channel. Reinhard et al. 2001, in RGB; also known as
 * AdaIN on pixels.
 */
export const colorStatistics: Style = {
  statistics: (style) => [style.mean([1, 2], true), deviation(style)],
  apply(content, [mean, spread], alpha) {
    const plain = content.sub(content.mean([1, 2], true)).div(deviation(content));
    return mix(content, plain.mul(spread as Tensor).add(mean as Tensor), alpha);
  },
};

function deviation(image: Tensor): Tensor {
  return image.variance([1, 2], 1, true).add(FLAT).sqrt(); // [3, 1, 1]
}
