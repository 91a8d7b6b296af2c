import { z } from "zod";
import { ADVERSARIES } from "../entropy/index.js";
import { type Prediction, upsampleLogits } from "../network/index.js";
import { noGrad, scope, type Tensor } from "../torch/index.js";
import type { Batches, Method, MethodContext } from "./method.js";
import { networkOptimizer, predict, supervisedLosses, supervisedOptions } from "./source-only.js";
import { adversary } from "./step/adversary.js";
import { backpropagate } from "./step/backpropagate.js";

const weight = z.number().min(0);

/** Options that AdaptSegNet and AdvEnt share. */
export const outputSpaceOptions = {
  ...supervisedOptions,
  /** Weights of the adversarial losses of both heads. */
  adversarial: weight.default(0.001),
  adversarialAux: weight.default(0.0002),
  /** The discriminators' learning rate (Adam); it decays with the network's. */
  discriminatorRate: z.number().positive().default(1e-4),
  gan: z.enum(ADVERSARIES).default("vanilla"),
};

type Options = z.infer<z.ZodObject<typeof outputSpaceOptions>>;

/**
 * Adversarial alignment of what the network says: a discriminator per head tells domains by
 * `mapsOf` the predicted probabilities [N, C, H, W], and the network learns to make the target's
 * look like the source's. A step trains the network on both domains, then the discriminators on
 * the same predictions, as constants.
 */
export function outputSpace(
  context: MethodContext,
  options: Options,
  mapsOf: (probability: Tensor) => Tensor,
): Method {
  const optimizer = networkOptimizer(context);
  const heads = {
    main: adversary(context, "discriminator", options.gan),
    aux: adversary(context, "discriminatorAux", options.gan),
  };
  const maps = (logits: Tensor, height: number, width: number) =>
    scope(() => mapsOf(upsampleLogits(logits, height, width).softmax(1)));
  const constant = ({ main, aux }: Prediction) => ({ main: main.detach(), aux: aux.detach() });

  function sourceHalf({ images, labels }: Batches["source"]) {
    const prediction = predict(context, images);
    const scalars = backpropagate(supervisedLosses(prediction, labels, options.aux), context);
    return { scalars, logits: constant(prediction) };
  }

  function targetHalf(images: Tensor) {
    const [height, width] = [images.size(2), images.size(3)];
    const prediction = predict(context, images);
    const { main, aux } = prediction;
    const scalars = backpropagate(
      {
        "target/fool": [options.adversarial, heads.main.fool(maps(main, height, width))],
        "target/foolAux": [options.adversarialAux, heads.aux.fool(maps(aux, height, width))],
      },
      context,
      optimizer.lastBackward,
    );
    return { scalars, logits: constant(prediction) };
  }

  return {
    usesTarget: true,
    state: new Map([...optimizer.state, ...heads.main.state, ...heads.aux.state]),
    step({ source, target }, { rate, decay }) {
      if (target === undefined) throw new Error("this method needs target images");
      return scope(() => {
        const first = scope(() => sourceHalf(source));
        const second = scope(() => targetHalf(target.images));
        optimizer.step(rate);
        const learnt = (["main", "aux"] as const).map((head) => {
          const of = (logits: Tensor, images: Tensor) => () =>
            noGrad(() => maps(logits, images.size(2), images.size(3)));
          return heads[head].learn(
            {
              source: of(first.logits[head], source.images),
              target: of(second.logits[head], target.images),
            },
            options.discriminatorRate * decay,
          );
        });
        return Object.assign({}, first.scalars, second.scalars, ...learnt);
      });
    },
  };
}
