import { copiesIn, type Parameters, below as tensorsBelow, union } from "../nn/index.js";
import type { Tensor, TensorMap } from "../torch/index.js";
import type { Backbone, PublishedWeights } from "./backbone.js";
import { decoders } from "./decoders.js";
import type { Network } from "./network.js";

type Tensors = ReadonlyMap<string, Tensor>;

/** Which tensors of a file a network loads. */
export interface Fitting {
  /** The file's tensors for the network, by the network's names. */
  readonly tensors: TensorMap;
  /** The network's tensors that the file must have: backbone, and the heads that are loaded. */
  readonly wanted: TensorMap;
  /** Heads of the network that are not loaded, by scope: "layer5", "layer6", "head". */
  readonly fresh: readonly string[];
  /** Parts of the file that are not used, by scope: "fc", "layer5", "head". */
  readonly skipped: readonly string[];
  /** Notes for users about the skipped parts. */
  readonly hints: readonly string[];
  /** What precedes the names of the network in the file, e.g. "network/". */
  readonly prefix: string;
  /** What precedes the names of other complete copies of the backbone, e.g. "method/teacher.". */
  readonly others: readonly string[];
}

/** Which parts of a network a file gives. */
export interface FitOptions {
  /** The backbone alone; classifiers and projection of the file are skipped. */
  readonly backboneOnly?: boolean;
}

/** A file's tensors, or their shapes, with our names and axes. */
export function translated<T>(
  file: ReadonlyMap<string, T>,
  { published }: Backbone,
  permute: (value: T, axes: readonly number[]) => T,
): ReadonlyMap<string, T> {
  const { translate } = published;
  if (translate === undefined) return file;
  return new Map(
    [...file].map(([theirs, value]) => {
      const { name, axes } = translate(theirs);
      return [name, axes === undefined ? value : permute(value, axes)];
    }),
  );
}

/** Heads next to a backbone in the files of torchvision's and mmsegmentation's networks. */
const SIBLINGS = ["classifier", "aux_classifier", "decode_head", "auxiliary_head"];

/** The `SIBLINGS` that a file has next to `prefix`, for example next to `backbone.` */
function siblings(file: Tensors, prefix: string): string[] {
  const parent = /^(.*[./])?[^./]+[./]$/.exec(prefix)?.[1] ?? "";
  const names = [...file.keys()].filter((name) => !name.startsWith(prefix));
  return SIBLINGS.filter((scope) => names.some((name) => name.startsWith(`${parent}${scope}.`)));
}

/**
 * Matches the tensors of a file with those of a network, under any prefix. The backbone must be complete.
 * Classifiers are loaded if the file has the main one: `layer6` of AdaptSegNet and ADVENT, with the
 * auxiliary `layer5` if the file has it. A `layer5` alone is the head of an ImageNet initialisation, and
 * heads next to a backbone belong to another network: both are skipped. A projection is loaded if kind and
 * size are equal.
 */
export function fitPublished(
  file: Tensors,
  network: Network,
  { backboneOnly = false }: FitOptions = {},
): Fitting {
  const { backbone, parts, parameters } = network;
  const ours = translated(file, backbone, (tensor, axes) => tensor.permute(...axes));
  const [prefix = "", ...others] = copiesIn(ours, parameters.all, parts.backbone.all);
  const from = withoutCounters(tensorsBelow(prefix, ours));
  const below = (scope: string) =>
    new Map([...from].filter(([name]) => name.startsWith(`${scope}.`)));
  const has = ({ scope }: { readonly scope: string }) => below(scope).size > 0;
  const { aux, main, projection } = parts;
  const taken: Parameters[] = backboneOnly
    ? []
    : [
        ...(has(main) ? [aux, main].filter(has) : []),
        ...(sameShapes(projection.all, below(projection.scope)) ? [projection] : []),
      ];
  const left = [aux, main, projection].filter((part) => !taken.includes(part));
  const isTaken = (scope: string) => taken.some((part) => scope.startsWith(`${part.scope}.`));
  const { leftOut } = backbone.published;
  const skipped: PublishedWeights["leftOut"] = [
    ...[
      ...left.map(({ scope }) => ({ scope })),
      ...(backboneOnly ? otherClassifiers(network) : []),
      ...network.leftOut.filter(({ scope }) => isTaken(scope)),
      ...leftOut,
    ].filter(has),
    ...siblings(ours, prefix).map(
      (scope) => leftOut.find((own) => own.scope === scope) ?? { scope },
    ),
  ];
  const isSkipped = (name: string) => skipped.some(({ scope }) => name.startsWith(`${scope}.`));
  return {
    tensors: new Map([...from].filter(([name]) => !isSkipped(name))),
    wanted: union([parts.backbone, ...taken]).all,
    fresh: left.filter(({ all }) => all.size > 0).map(({ scope }) => scope),
    skipped: skipped.map(({ scope }) => scope),
    hints: [...new Set(skipped.flatMap(({ hint }) => hint ?? []))],
    ...{ prefix, others },
  };
}

/** The scopes of the classifiers of other decoders. */
const otherClassifiers = ({ parts: { aux, main } }: Network) =>
  Object.values(decoders)
    .flatMap(({ scopes }) => [scopes.aux, scopes.main])
    .filter((scope) => scope !== aux.scope && scope !== main.scope)
    .map((scope) => ({ scope }));

/** Without PyTorch's counts of batches, which have no effect at a fixed momentum. */
function withoutCounters(tensors: Tensors): Tensors {
  return new Map([...tensors].filter(([name]) => !name.endsWith("num_batches_tracked")));
}

function sameShapes(a: Tensors, b: Tensors): boolean {
  return (
    a.size === b.size &&
    [...a].every(([name, { shape }]) => String(b.get(name)?.shape) === String(shape))
  );
}
