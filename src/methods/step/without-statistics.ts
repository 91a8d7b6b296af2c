import { batchStatistics, type Network } from "../../network/index.js";
import { copyInto, noGrad, scope, type Tensor } from "../../torch/index.js";

/** Runs `body`, then restores the network's running statistics of batch normalisation. */
export function withoutStatistics<T>({ parameters }: Network, body: () => T): T {
  return scope(() => {
    const statistics = batchStatistics(parameters.all);
    const before = noGrad(() => statistics.map((statistic) => statistic.clone()));
    const result = body();
    noGrad(() => {
      for (const [i, statistic] of statistics.entries()) copyInto(statistic, before[i] as Tensor);
    });
    return result;
  });
}
