import { type Parameters, union } from "../nn/index.js";
import type { Tensor, TensorMap } from "../torch/index.js";
import type { Network } from "./network.js";

type Tensors = ReadonlyMap<string, Tensor>;

/** A file's tensors sorted out for a network. */
export interface Fitting {
  /** What the file has for the network, to be copied by name. */
  readonly tensors: TensorMap;
  /** The network's own tensors that the file must have: backbone, and the heads that are taken. */
  readonly wanted: TensorMap;
  /** Heads of the network that stay as they are, by scope: "layer5", "layer6", "head". */
  readonly fresh: readonly string[];
  /** Parts of the file that are for something else, by scope: "fc", "layer5", "head". */
  readonly skipped: readonly string[];
}

/**
 * Which tensors of a published file, its prefix gone, belong to which of the network's. The backbone
 * must be there whole. Classifiers are taken where the file has the main one: AdaptSegNet's and
 * ADVENT's `layer6`, with the auxiliary `layer5` where it has that, too. A `layer5` alone is the head of
 * an ImageNet initialisation, for something else, as is `fc`. A projection is taken if it is of this
 * kind and size.
 */
export function fitPublished(published: Tensors, { parts }: Network): Fitting {
  const from = new Map([...published].filter(([name]) => !name.endsWith("num_batches_tracked")));
  const below = (scope: string) =>
    new Map([...from].filter(([name]) => name.startsWith(`${scope}.`)));
  const { backbone, aux, main, projection } = parts;
  const has = ({ scope }: Parameters) => below(scope).size > 0;
  const heads = [aux, main, projection];
  const taken = [
    ...(has(main) ? [aux, main].filter(has) : []),
    ...(sameShapes(projection.all, below(projection.scope)) ? [projection] : []),
  ];
  const left = heads.filter((part) => !taken.includes(part));
  const skipped = [...left.map(({ scope }) => scope), "fc"].filter(
    (scope) => below(scope).size > 0,
  );
  const isSkipped = (name: string) => skipped.some((scope) => name.startsWith(`${scope}.`));
  return {
    tensors: new Map([...from].filter(([name]) => !isSkipped(name))),
    wanted: union([backbone, ...taken]).all,
    fresh: left.filter(({ all }) => all.size > 0).map(({ scope }) => scope),
    skipped,
  };
}

function sameShapes(a: Tensors, b: Tensors): boolean {
  return (
    a.size === b.size &&
    [...a].every(([name, { shape }]) => String(b.get(name)?.shape) === String(shape))
  );
}
