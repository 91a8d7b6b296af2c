import { z } from "zod";
import { ADVERSARIES } from "../entropy/index.js";
import { type Prediction, upsampleLogits } from "../network/index.js";
import { noGrad, scope, type Tensor } from "../torch/index.js";
import type { Method, MethodContext } from "./method.js";
import { adversary } from "./step/adversary.js";
import type { WeightedLosses } from "./step/backpropagate.js";
import { networkTrainer, type Part } from "./step/network-trainer.js";
import { predict, SUPERVISED, supervisedLosses, supervisedOptions } from "./step/supervised.js";

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
 * Adversarial alignment of predictions: a discriminator per head classifies the domain of `mapsOf` the
 * predicted probabilities [N, C, H, W], and the network learns to make the target's maps look like the
 * source's. A step trains the network on both domains, then the discriminators on the same predictions,
 * as constants.
 */
export function outputSpace(
  context: MethodContext,
  options: Options,
  mapsOf: (probability: Tensor) => Tensor,
): Method {
  const trainer = networkTrainer(context);
  const heads = {
    main: adversary(context, "discriminator", options.gan),
    aux: adversary(context, "discriminatorAux", options.gan),
  };
  const maps = (logits: Tensor, height: number, width: number) =>
    scope(() => mapsOf(upsampleLogits(logits, height, width).softmax(1)));

  /** A part of the step that also stores its logits, as constants, for the discriminators. */
  function part(
    images: Tensor,
    losses: (prediction: Prediction, height: number, width: number) => WeightedLosses,
  ) {
    const seen: Partial<Record<Head, Tensor>> = {};
    const [height, width] = [images.size(2), images.size(3)];
    const run: Part = (learn) => {
      const { scalars, logits } = scope(() => {
        const prediction = predict(context, images);
        const scalars = learn(losses(prediction, height, width));
        return { scalars, logits: HEADS.map((head) => prediction[head].detach()) };
      });
      for (const [i, head] of HEADS.entries()) seen[head] = logits[i] as Tensor;
      return scalars;
    };
    const constants = (head: Head) => () => noGrad(() => maps(seen[head] as Tensor, height, width));
    return { run, constants };
  }

  return {
    usesTarget: true,
    headline: SUPERVISED,
    state: new Map([...trainer.state, ...heads.main.state, ...heads.aux.state]),
    step: (batches, { rate, decay }) =>
      scope(() => {
        const source = part(batches.source.images, (prediction) =>
          supervisedLosses(prediction, batches.source.labels, { aux: options.aux }),
        );
        const target = part(batches.target.images, ({ main, aux }, height, width) => ({
          "target/fool": [options.adversarial, heads.main.fool(maps(main, height, width))],
          "target/foolAux": [options.adversarialAux, heads.aux.fool(maps(aux, height, width))],
        }));
        const scalars = trainer.step(rate, [source.run, target.run]);
        const learnt = HEADS.map((head) =>
          heads[head].learn(
            { source: source.constants(head), target: target.constants(head) },
            options.discriminatorRate * decay,
          ),
        );
        return Object.assign(scalars, ...learnt);
      }),
  };
}

const HEADS = ["main", "aux"] as const;
type Head = (typeof HEADS)[number];
