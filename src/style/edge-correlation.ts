import type { Sample } from "../datasets/dataset.js";

type Picture = Pick<Sample, "width" | "height" | "image">;

/** Magnitude of the brightness gradient (Sobel), inside the border: [(height - 2) * (width - 2)]. */
function edges({ width, height, image }: Picture): Float64Array {
  const light = Float32Array.from({ length: width * height }, (_, i) => {
    const [r, g, b] = [image[3 * i], image[3 * i + 1], image[3 * i + 2]] as [
      number,
      number,
      number,
    ];
    return 0.299 * r + 0.587 * g + 0.114 * b;
  });
  const found = new Float64Array((width - 2) * (height - 2));
  let place = 0;
  for (let y = 1; y < height - 1; y++) {
    for (let x = 1; x < width - 1; x++) {
      const at = (dx: number, dy: number) => light[(y + dy) * width + x + dx] as number;
      const column = (dx: number) => at(dx, -1) + 2 * at(dx, 0) + at(dx, 1);
      const row = (dy: number) => at(-1, dy) + 2 * at(0, dy) + at(1, dy);
      found[place++] = Math.hypot(column(1) - column(-1), row(1) - row(-1));
    }
  }
  return found;
}

/**
 * How well an image preserves the structure of another of the same size: Pearson's correlation of
 * their edges. 1 if all edges have the same place and relative strength, about 0 if they are unrelated.
 * 0 for an image without edges.
 */
export function edgeCorrelation(before: Picture, after: Picture): number {
  const [a, b] = [edges(before), edges(after)];
  const mean = (values: Float64Array) => values.reduce((sum, v) => sum + v, 0) / values.length;
  const [meanA, meanB] = [mean(a), mean(b)];
  let [both, squaresA, squaresB] = [0, 0, 0];
  for (const [i, value] of a.entries()) {
    const [da, db] = [value - meanA, (b[i] as number) - meanB];
    both += da * db;
    squaresA += da * da;
    squaresB += db * db;
  }
  return squaresA > 0 && squaresB > 0 ? both / Math.sqrt(squaresA * squaresB) : 0;
}
