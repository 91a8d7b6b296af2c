import type { Tensor, TensorMap } from "../torch/index.js";

/**
 * The running statistics of batch normalisation among named tensors. They are not parameters, and differ
 * between ranks, which have seen different batches: average them before reading them.
 */
export function batchStatistics(tensors: TensorMap): Tensor[] {
  return [...tensors].flatMap(([name, tensor]) =>
    /\.running_(mean|var)$/.test(name) ? [tensor] : [],
  );
}
