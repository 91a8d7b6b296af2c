import { operator, operators, type Tensor } from "../torch/index.js";
import { mix, type Style } from "./style.js";

const eigh = operators("linalg_eigh");
const eye = operator("eye");

interface Colors {
  readonly mean: Tensor; // [3, 1]
  readonly spread: Tensor; // [3, 1]
  /** Scatter of the normalised channels plus the identity, [3, 3]. */
  readonly scatter: Tensor;
  readonly normal: Tensor; // [3, H W]
}

function colorsOf(image: Tensor): Colors {
  const flat = image.reshape(3, -1);
  const mean = flat.mean(1, true);
  const spread = flat.variance(1, 1, true).sqrt().clampMin(1e-5);
  const normal = flat.sub(mean).div(spread);
  return { mean, spread, normal, scatter: normal.matmul(normal.transpose(0, 1)).add(eye(3)) };
}

/** A power of a symmetric positive definite matrix [3, 3]. */
function power(matrix: Tensor, exponent: number): Tensor {
  const [values, vectors] = eigh(matrix, "L") as [Tensor, Tensor];
  return vectors.mul(values.pow(exponent)).matmul(vectors.transpose(0, 1));
}

/**
 * Exchanges mean, deviation and correlation of the colour channels: Sun et al. 2016 (CORAL), which the
 * reference uses in the other direction, to preserve the colours of the content.
 */
export const coral: Style = {
  statistics(style) {
    const { mean, spread, scatter } = colorsOf(style);
    return [mean, spread, scatter.div(style.size(1) * style.size(2))];
  },
  apply(content, [mean, spread, density], alpha) {
    const { normal, scatter } = colorsOf(content);
    const pixels = content.size(1) * content.size(2);
    const root = power((density as Tensor).mul(pixels), 0.5);
    const moved = root.matmul(power(scatter, -0.5)).matmul(normal);
    const colored = moved.mul(spread as Tensor).add(mean as Tensor);
    return mix(content, colored.reshape(3, content.size(1), content.size(2)), alpha);
  },
};
