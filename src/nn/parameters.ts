import { empty, keep, noGrad, scope, type Tensor, type TensorMap } from "../torch/index.js";

/**
 * Fills a new tensor on the CPU in place; the parameter is a copy of it on its device. So a seed gives the
 * same weights on every device.
 */
export type Init = (tensor: Tensor) => unknown;

/** Named tensors. */
export interface ParameterSet {
  /** Every tensor by full name, in order of creation. */
  readonly all: TensorMap;
  /** Those with gradients. */
  readonly trainable: TensorMap;
}

/**
 * A store of named tensors. Layers ask a `Parameters` for what they need and become closures over it;
 * `sub` prefixes names, so that the names of the whole equal PyTorch's state dict. `all` and `trainable`
 * are those of the whole store.
 */
export interface Parameters extends ParameterSet {
  /** What precedes the names asked for, without the dot: "layer1.0"; "" for nothing. */
  readonly scope: string;
  /** The same store, with `name.` before every name. */
  sub(name: string | number): Parameters;
  /** A tensor that the optimiser trains, unless frozen. */
  parameter(name: string, shape: readonly number[], init: Init, frozen?: boolean): Tensor;
  /** A tensor that is saved, but not trained. */
  buffer(name: string, shape: readonly number[], init: Init): Tensor;
}

/** An empty store on `device`, whose names begin with `prefix`. Tensors live until disposed. */
export function createParameters(device = "cpu", prefix = ""): Parameters {
  const all: TensorMap = new Map();
  const trainable: TensorMap = new Map();
  const create = (name: string, shape: readonly number[], init: Init): Tensor => {
    if (all.has(name)) throw new Error(`two parameters are called ${name}`);
    const tensor = keep(
      noGrad(() =>
        scope(() => {
          const drawn = empty(shape);
          init(drawn);
          return drawn.to({ device });
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
 * The tensors of several stores as one set, store after store.
 * @throws Error if a name is in two of them
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

/** The bound that PyTorch starts convolutions within: U(-1, 1) / sqrt(fan-in). */
export const uniformInit: Init = (tensor) => {
  const bound = 1 / Math.sqrt(fanIn(tensor));
  return tensor.uniformInPlace(-bound, bound);
};

/** He et al. 2015 (eq. 10) for ReLU networks: N(0, 2 / fan-in). */
export const heInit: Init = (tensor) => tensor.normalInPlace(0, Math.sqrt(2 / fanIn(tensor)));

/** Numbers that one output of a weight [out, in, ...] is a sum of. */
function fanIn(weight: Tensor): number {
  return weight.count / weight.size(0);
}
