import type { Tensor, TensorMap } from "../torch/index.js";
import type { Network } from "./network.js";

type Tensors = ReadonlyMap<string, Tensor>;

/** A file's tensors sorted out for a network. */
export interface Fitting {
  /** What the file has for the network, to be copied by name. */
  readonly tensors: TensorMap;
  /** The network's own tensors that it must have: backbone, and classifiers where it has any. */
  readonly wanted: TensorMap;
  /** Parts of the network that start as they are: "layer5", "layer6", "head". */
  readonly fresh: readonly string[];
  /** Parts of the file that are for something else: "fc", "layer5", "head". */
  readonly skipped: readonly string[];
}

const partOf = (name: string) => name.slice(0, name.indexOf("."));
const partsOf = (tensors: Tensors) => new Set([...tensors.keys()].map(partOf));
const CLASSIFIERS = ["layer5", "layer6"];
const PROJECTION = "head";

/**
 * Which tensors of a published file, its prefix gone, belong to which of the network's. The backbone
 * must be there whole. A `layer6` is the main classifier of AdaptSegNet and ADVENT, and comes with
 * their auxiliary `layer5` where they have one. A `layer5` alone is an ImageNet initialisation's head,
 * for something else, as is `fc`. A projection is taken if it is of this kind and size.
 */
export function fitPublished(from: Tensors, network: Network): Fitting {
  const { all } = network.parameters;
  const theirs = partsOf(from);
  const sameProjection = [...all].every(
    ([name, { shape }]) =>
      partOf(name) !== PROJECTION || String(from.get(name)?.shape) === String(shape),
  );
  const optional = new Set([
    ...CLASSIFIERS.filter((part) => theirs.has("layer6") && theirs.has(part)),
    ...(theirs.has(PROJECTION) && sameProjection ? [PROJECTION] : []),
  ]);
  const parts = partsOf(all);
  const isFresh = (part: string) =>
    (CLASSIFIERS.includes(part) || part === PROJECTION) && !optional.has(part);
  const isSkipped = (part: string) => part === "fc" || isFresh(part);
  const select = (tensors: Tensors, test: (name: string) => boolean): TensorMap =>
    new Map([...tensors].filter(([name]) => test(name)));
  return {
    tensors: select(from, (n) => !isSkipped(partOf(n)) && !n.endsWith("num_batches_tracked")),
    wanted: select(all, (name) => !isFresh(partOf(name))),
    fresh: [...parts].filter(isFresh),
    skipped: [...theirs].filter(isSkipped),
  };
}
