import { type ADVERSARIES, type Domain, discriminator, domainLoss } from "../../entropy/index.js";
import { adam, createParameters, dataParallel, prefixed } from "../../nn/index.js";
import { alone, scope, type Tensor, type TensorMap } from "../../torch/index.js";
import type { MethodContext } from "../method.js";
import { backpropagate } from "./backpropagate.js";

const BETAS = [0.9, 0.99] as const;

/** A discriminator with its optimiser. */
export interface Adversary {
  /** The loss that makes maps [N, C, H, W] of target images look like the source's. Does not train the discriminator. */
  fool(maps: Tensor): Tensor;
  /** One step of the discriminator's optimiser, on maps without a graph. Returns its losses by name. */
  learn(maps: Readonly<Record<Domain, () => Tensor>>, rate: number): Record<string, number>;
  readonly state: TensorMap;
}

/**
 * An adversary with the name `name` on maps of `classes` channels. Tsai et al., AdaptSegNet, CVPR 2018,
 * section 3: binary cross-entropy or least squares; Adam with betas 0.9 and 0.99.
 */
export function adversary(
  { network, gradientNorms, group = alone }: MethodContext,
  name: string,
  kind: (typeof ADVERSARIES)[number],
): Adversary {
  const parameters = createParameters(network.device);
  const forward = discriminator(parameters, network.classes);
  const { trainable } = parameters;
  const own = adam(trainable, { betas: BETAS });
  const optimizer = dataParallel(own, trainable.values(), group);

  /** Runs `body` with the discriminator's weights as constants. */
  function frozen<T>(body: () => T): T {
    for (const [, weight] of trainable) weight.requiresGrad = false;
    try {
      return body();
    } finally {
      for (const [, weight] of trainable) weight.requiresGrad = true;
    }
  }

  return {
    fool: (maps) => frozen(() => domainLoss(forward(maps, true), "source", kind)),
    learn(maps, rate) {
      const scalars: Record<string, number> = {};
      for (const domain of ["source", "target"] as const) {
        const found = scope(() => {
          const loss = domainLoss(forward(maps[domain]().detach(), true), domain, kind);
          const losses = { [`${name}/${domain}`]: [0.5, loss] as const };
          return backpropagate(losses, { network: { parameters }, gradientNorms });
        });
        Object.assign(scalars, found);
      }
      optimizer.step(rate);
      return scalars;
    },
    state: new Map([
      ...prefixed(`${name}.`, parameters.all),
      ...prefixed(`${name}.optimizer.`, optimizer.state),
    ]),
  };
}
