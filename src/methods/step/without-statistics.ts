import { batchStatistics, type Network } from "../../network/index.js";
import { copies, copyAll, noGrad, scope } from "../../torch/index.js";

/** Runs `body`, then restores the network's running statistics of batch normalisation. */
export function withoutStatistics<T>({ parameters }: Network, body: () => T): T {
  return scope(() => {
    const statistics = batchStatistics(parameters.all);
    const before = noGrad(() => copies(statistics));
    const result = body();
    noGrad(() => copyAll(statistics, before));
    return result;
  });
}
