import type { Tensor, TensorMap } from "../torch/index.js";

type Tensors = ReadonlyMap<string, Tensor>;

/** The same tensors, with `prefix` before each name. */
export const prefixed = (prefix: string, tensors: Tensors): TensorMap =>
  new Map([...tensors].map(([name, tensor]) => [prefix + name, tensor]));

/** The tensors whose names begin with `prefix`, under their names without it. */
export const below = (prefix: string, tensors: Tensors): TensorMap =>
  new Map(
    [...tensors]
      .filter(([name]) => name.startsWith(prefix))
      .map(([name, tensor]) => [name.slice(prefix.length), tensor]),
  );
