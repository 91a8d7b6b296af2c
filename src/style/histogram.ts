import { arange, operator, stack, type Tensor } from "../torch/index.js";
import { mix, type Style } from "./style.js";

const LEVELS = 256;
const sort = operator("msort");
const cumulate = operator("cumsum");

/** The values at 256 evenly spaced ranks, per channel, [3, 256]. */
function quantiles(image: Tensor): Tensor {
  const sorted = sort(image.reshape(3, -1).transpose(0, 1).contiguous()); // [P, 3]
  // float32 does not have all whole numbers of large images.
  const ranks = arange(LEVELS)
    .mul(sorted.size(0) - 1)
    .to({ dtype: "float64" })
    .div(LEVELS - 1);
  return sorted.indexSelect(0, ranks.to({ dtype: "int64" })).transpose(0, 1);
}

/** The rank, 0..255, of every 8-bit value of a channel [P]; equal values get their middle rank. */
function ranks(channel: Tensor): Tensor {
  const levels = channel
    .mul(LEVELS - 1)
    .add(0.5)
    .to({ dtype: "int64" });
  const counts = levels.bincount(LEVELS).to({ dtype: "float64" });
  const middle = cumulate(counts, 0)
    .sub(counts.mul(0.5))
    .to({ dtype: "float32" })
    .mul((LEVELS - 1) / channel.size(0));
  return middle.indexSelect(0, levels).add(0.5).to({ dtype: "int64" });
}

/** Exchanges the distribution of each colour channel (histogram matching). */
export const histogram: Style = {
  statistics: (style) => [quantiles(style)],
  apply(content, [style], alpha) {
    const flat = content.reshape(3, -1).clamp(0, 1);
    const matched = [0, 1, 2].map((c) =>
      (style as Tensor).select(0, c).indexSelect(0, ranks(flat.select(0, c))),
    );
    return mix(content, stack(matched).reshape(...content.shape), alpha);
  },
};
