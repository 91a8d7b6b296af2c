import { imagesOf } from "../datasets/batch.js";
import type { Sample, Size } from "../datasets/dataset.js";
import { type Predictor, upsampleLogits } from "../network/index.js";
import {
  autocast,
  cat,
  noGrad,
  type Precision,
  scope,
  type Tensor,
  tensor,
} from "../torch/index.js";
import { type Span, type Tile, tilesOf } from "./tiles.js";

/** 64 MiB of float32. */
const STRIP_VALUES = 2 ** 24;

/**
 * Logits [1, C, h, w] of the main head for one sample at the network's own stride, from overlapping tiles.
 * They have the shape and the positions of the whole image's logits, and differ from them by what a tile
 * does not see beyond its edges.
 */
export function tiledLogits(
  network: Predictor,
  sample: Sample,
  tile: Size,
  precision: Precision,
): Tensor {
  const rows: Tensor[][] = [];
  return noGrad(() =>
    scope(() => {
      for (const place of tilesOf(sample, tile)) {
        if (place.x.start === 0) rows.push([]);
        rows.at(-1)?.push(keptLogits(network, sample, place, precision));
      }
      return cat(
        rows.map((row) => cat(row, 3)),
        2,
      );
    }),
  );
}

/** The logits of a tile's kept part. */
function keptLogits(
  network: Predictor,
  sample: Sample,
  { x, y }: Tile,
  precision: Precision,
): Tensor {
  return scope(() => {
    const images = imagesOf([cropped(sample, { x, y })], network.input, network.device);
    const { main } = autocast(precision, () => network.forward(images, false), network.device);
    const rows = kept(y, main.size(2));
    const columns = kept(x, main.size(3));
    return main
      .slice(2, ...rows)
      .slice(3, ...columns)
      .clone(); // frees the rest
  });
}

/** The kept positions of a side's logits. */
function kept({ start, size, from, to }: Span, logits: number): [number, number] {
  const stride = 2 ** Math.round(Math.log2(size / logits));
  const end = to === start + size ? logits : (to - start) / stride;
  return [(from - start) / stride, end];
}

function cropped({ name, image, width }: Sample, { x, y }: Tile): Sample {
  const stride = x.size * 3;
  const part = new Uint8Array(stride * y.size);
  for (let row = 0; row < y.size; row++) {
    const at = ((y.start + row) * width + x.start) * 3;
    part.set(image.subarray(at, at + stride), row * stride);
  }
  return { name, image: part, width: x.size, height: y.size };
}

/** Rows of an image from `top` on. */
export interface Strip {
  readonly top: number;
  /** [1, C, rows, width] */
  readonly probabilities: Tensor;
}

/**
 * Calls `visit` with the mean of the softmax of several logits [1, C, h, w], upsampled to `output`, in strips
 * of rows: at 8000x6000 the probabilities of 19 classes would take 3.6 GB.
 * @param values most of a strip
 */
export function inStrips(
  views: readonly Tensor[],
  { width, height }: Size,
  visit: (strip: Strip) => void,
  values = STRIP_VALUES,
): void {
  const classes = (views[0] as Tensor).size(1);
  const rows = Math.max(1, Math.floor(values / (classes * width)));
  for (let top = 0; top < height; top += rows) {
    const end = Math.min(height, top + rows);
    noGrad(() =>
      scope(() => {
        const parts = views.map((logits) =>
          upsampleLogits(rowsOf(logits, top, end, height), end - top, width).softmax(1),
        );
        const sum = parts.reduce((all, part) => all.addInPlace(part));
        const probabilities = parts.length === 1 ? sum : sum.divInPlace(parts.length);
        visit({ top, probabilities });
      }),
    );
  }
}

/** Rows top..end-1 of logits that are upsampled to `height` rows with aligned corners: [1, C, rows, w]. */
function rowsOf(logits: Tensor, top: number, end: number, height: number): Tensor {
  const given = logits.size(2);
  const ratio = height > 1 ? (given - 1) / (height - 1) : 0;
  const first = Math.floor(top * ratio);
  const last = Math.min(given, Math.floor((end - 1) * ratio) + 2);
  const weights = new Float32Array((end - top) * (last - first)); // [rows, used]
  for (let y = top; y < end; y++) {
    const place = y * ratio;
    const above = Math.min(given - 1, Math.floor(place));
    const at = (y - top) * (last - first) + above - first;
    weights[at] = 1 - (place - above);
    if (above + 1 < last) weights[at + 1] = place - above;
  }
  const mixing = tensor(weights, [end - top, last - first]).to({ device: logits.device });
  return mixing.matmul(logits.slice(2, first, last));
}
