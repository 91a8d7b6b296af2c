import umap from "umap-js";
import { imagesOf } from "../datasets/batch.js";
import { spread } from "../datasets/check.js";
import type { Dataset, Size } from "../datasets/dataset.js";
import { IGNORE } from "../datasets/dataset.js";
import { randomFrom } from "../datasets/random.js";
import type { PredictOptions } from "../evaluate/index.js";
import type { Network } from "../network/index.js";
import { autocast, noGrad, scope } from "../torch/index.js";
import type { Points } from "./run-data.js";

/** A labelled domain to sample from. */
export interface FeatureDomain {
  readonly dataset: Dataset;
  readonly size: Size;
  readonly options: PredictOptions;
}

interface Sampled {
  readonly vectors: Float32Array[];
  readonly classes: number[];
}

const IMAGES = 20;
const PER_IMAGE = 20;
const SEED = 7;

/**
 * Features at labelled pixels of both domains, mapped to two dimensions by UMAP (McInnes et al., 2018), as
 * unit vectors. Pixels are sampled evenly over the classes of an image, so that small classes are visible
 * next to road and sky. They are the same for every network.
 */
export async function featureMap(
  network: Network,
  source: FeatureDomain,
  target: FeatureDomain,
): Promise<Points> {
  const sampled = [await sample(network, source, 0), await sample(network, target, 1)];
  const vectors = sampled.flatMap((one) => one.vectors.map((vector) => [...vector]));
  const random = randomFrom(SEED, 2);
  const map = new umap.UMAP({
    nNeighbors: Math.min(25, vectors.length - 1),
    minDist: 0.35,
    nEpochs: 250,
    random: () => random.below(2 ** 30) / 2 ** 30,
  }).fit(vectors);
  const round = (value: number | undefined) => Math.round((value as number) * 1e3) / 1e3;
  return {
    x: map.map(([x]) => round(x)),
    y: map.map(([, y]) => round(y)),
    domain: sampled.flatMap(({ classes }, domain) => classes.map(() => domain)),
    class: sampled.flatMap(({ classes }) => classes),
  };
}

async function sample(
  network: Network,
  { dataset, size, options }: FeatureDomain,
  stream: number,
): Promise<Sampled> {
  const vectors: Float32Array[] = [];
  const classes: number[] = [];
  const indices = spread(dataset.names.length, IMAGES);
  for (const [i, index] of indices.entries()) {
    const loaded = await dataset.load(index, size);
    if (!loaded.label) continue;
    const label = loaded.label;
    const staged = options.stage ? options.stage(loaded) : loaded;
    const { array, width, height } = scope(() => {
      const images = imagesOf([staged], network.input, network.device);
      const { features } = noGrad(() =>
        autocast(
          options.precision ?? "float32",
          () => network.forward(images, false),
          network.device,
        ),
      );
      const unit = features.to({ dtype: "float32" });
      const rows = unit.div(unit.norm(1, true).clampMin(1e-12)).permute(0, 2, 3, 1); // [1, h, w, D]
      return {
        array: rows.typed() as Float32Array,
        width: features.size(3),
        height: features.size(2),
      };
    });
    const chosen = evenly(label, size, { width, height }, PER_IMAGE, stream, i);
    for (const { at, id } of chosen) {
      vectors.push(array.slice(at * network.featureSize, (at + 1) * network.featureSize));
      classes.push(id);
    }
  }
  return { vectors, classes };
}

/** Samples cells of the feature map, one of each class in turn, with the label at their centre. */
function evenly(
  label: Uint8Array,
  { width, height }: Size,
  cells: Size,
  count: number,
  stream: number,
  image: number,
): { at: number; id: number }[] {
  const random = randomFrom(SEED * 16 + stream, image);
  const byClass = new Map<number, number[]>();
  for (let v = 0; v < cells.height; v++) {
    for (let u = 0; u < cells.width; u++) {
      const x = Math.floor(((u + 0.5) * width) / cells.width);
      const y = Math.floor(((v + 0.5) * height) / cells.height);
      const id = label[y * width + x] as number;
      if (id === IGNORE) continue;
      const known = byClass.get(id);
      if (known) known.push(v * cells.width + u);
      else byClass.set(id, [v * cells.width + u]);
    }
  }
  const chosen: { at: number; id: number }[] = [];
  while (chosen.length < count && byClass.size > 0) {
    for (const [id, left] of byClass) {
      const [at] = left.splice(random.below(left.length), 1) as [number];
      chosen.push({ at, id });
      if (left.length === 0) byClass.delete(id);
    }
  }
  return chosen;
}
