import { empty, keep, noGrad, scope, type Tensor, type TensorMap } from "../torch/index.js";

/**
 * Fills a new tensor on the CPU in place; the parameter is a copy of it on its device, so that the weights of
 * a seed are the same on every device.
 */
export type Init = (tensor: Tensor) => unknown;

/** A set of named tensors. */
export interface ParameterSet {
  /** All tensors by full name, in order of creation. */
  readonly all: TensorMap;
  /** The tensors with gradients. */
  readonly trainable: TensorMap;
}

/**
 * A store of named tensors. Layers create their parameters in it and are closures over them. `sub`
 * prefixes names, so that all names equal those of PyTorch's state dict. `all` and `trainable` refer to
 * the whole store.
 */
export interface Parameters extends ParameterSet {
  /** The prefix of new names, without the last dot: "layer1.0"; "" for no prefix. */
  readonly scope: string;
  /** The same store, with the prefix `name.` for new names. */
  sub(name: string | number): Parameters;
  /** Creates a tensor that the optimiser trains, unless it is frozen. */
  parameter(name: string, shape: readonly number[], init: Init, frozen?: boolean): Tensor;
  /** Creates a tensor that is saved, but not trained. */
  buffer(name: string, shape: readonly number[], init: Init): Tensor;
}

/**
 * An empty store on `device`, with names below `prefix`. Its tensors live until they are disposed.
 * @param ordered stores weights of convolutions in another order, such as `inLayout`
 */
export function createParameters(
  device = "cpu",
  prefix = "",
  ordered: (weight: Tensor) => Tensor = (weight) => weight,
): Parameters {
  const all: TensorMap = new Map();
  const trainable: TensorMap = new Map();
  const create = (name: string, shape: readonly number[], init: Init): Tensor => {
    if (all.has(name)) throw new Error(`two parameters are called ${name}`);
    const tensor = keep(
      noGrad(() =>
        scope(() => {
          const drawn = empty(shape);
          init(drawn);
          const placed = drawn.to({ device });
          return shape.length === 4 ? ordered(placed) : placed;
        }),
      ),
    );
    all.set(name, tensor);
    return tensor;
  };
  const at = (prefix: string): Parameters => {
    const full = (name: string | number) => (prefix === "" ? `${name}` : `${prefix}.${name}`);
    return {
      scope: prefix,
      sub: (name) => at(full(name)),
      parameter(name, shape, init, frozen = false) {
        const tensor = create(full(name), shape, init);
        if (!frozen) {
          tensor.requiresGrad = true;
          trainable.set(full(name), tensor);
        }
        return tensor;
      },
      buffer: (name, shape, init) => create(full(name), shape, init),
      all,
      trainable,
    };
  };
  return at(prefix);
}

/**
 * The tensors of several stores as one set, in order.
 * @throws Error if two stores have the same name
 */
export function union(sets: readonly ParameterSet[]): ParameterSet {
  const all: TensorMap = new Map();
  for (const [name, tensor] of sets.flatMap((set) => [...set.all])) {
    if (all.has(name)) throw new Error(`two parameters are called ${name}`);
    all.set(name, tensor);
  }
  return { all, trainable: new Map(sets.flatMap((set) => [...set.trainable])) };
}

/** All 0. */
export const zerosInit: Init = (tensor) => tensor.zeroInPlace();
/** All 1. */
export const onesInit: Init = (tensor) => tensor.fillInPlace(1);
/** N(0, deviation). */
export const normalInit =
  (deviation: number): Init =>
  (tensor) =>
    tensor.normalInPlace(0, deviation);

/** PyTorch's initialisation of convolutions: U(-1, 1) / sqrt(fan-in). */
export const uniformInit: Init = (tensor) => {
  const bound = 1 / Math.sqrt(fanIn(tensor));
  return tensor.uniformInPlace(-bound, bound);
};

/** He et al. 2015 (eq. 10) for ReLU networks: N(0, 2 / fan-in). */
export const heInit: Init = (tensor) => tensor.normalInPlace(0, Math.sqrt(2 / fanIn(tensor)));

/** The number of terms in an output of a weight [out, in, ...]. */
function fanIn(weight: Tensor): number {
  return weight.count / weight.size(0);
}
