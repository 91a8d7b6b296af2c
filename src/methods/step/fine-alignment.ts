import { z } from "zod";
import {
  type ClassMeans,
  classMeans,
  contrastiveLoss,
  DISTANCES,
  labelsAt,
  MemoryBank,
  pooled,
  pseudoLabels,
} from "../../contrast/index.js";
import { IGNORE } from "../../datasets/dataset.js";
import type { Prediction } from "../../network/index.js";
import { poly } from "../../nn/index.js";
import {
  alone,
  autocast,
  copyInto,
  dispose,
  keep,
  noGrad,
  scope,
  type Tensor,
  type TensorMap,
  zeros,
} from "../../torch/index.js";
import type { Batches, Domains, MethodContext, Progress, Scalars } from "../method.js";
import type { WeightedLosses } from "./backpropagate.js";
import { entropyLosses, entropyOptions } from "./entropy-losses.js";
import { type Banks, initializeBanks, type Look, predictedAt } from "./first-prototypes.js";
import { guardRails } from "./guard-rails.js";
import type { Learn, NetworkTrainer, Part } from "./network-trainer.js";
import { predict, supervisedLosses, supervisedOptions } from "./supervised.js";

/** C(f_s, M_s), C(f_t, M_t), C(f_t, M_s) and C(f_s, M_t). */
export const TERMS = ["source", "target", "targetToSource", "sourceToTarget"] as const;

const weight = z.number().min(0);

/** Options of methods with contrastive losses. */
export const alignmentOptions = {
  ...supervisedOptions,
  ...entropyOptions,
  /** Weight of each contrastive term. */
  contrast: weight.default(0.001),
  terms: z.array(z.enum(TERMS)).default([...TERMS]),
  temperature: z.number().positive().default(0.07),
  /** Weight of the old prototype in each update. */
  bankMomentum: z.number().min(0).max(1).default(0.9),
  /** Least margin between the two nearest prototypes for a pixel to get a pseudo-label. */
  threshold: weight.default(0.05),
  /** Decay the threshold to 0 over the run, polynomially with power 4. */
  thresholdDecay: z.boolean().default(false),
  distance: z.enum(DISTANCES).default("cosine"),
  pseudoLabels: z.enum(["prototypes", "predictions"]).default("prototypes"),
  /** Steps before the prototypes are initialised and the contrastive terms begin. */
  warmup: z.number().int().min(0).default(0),
  /** Number of images for the first prototypes. */
  sourceImages: z.number().int().min(1).default(300),
  targetImages: z.number().int().min(1).default(1600),
  /** The class means that update a bank: its own domain's, or both domains' as in the reference. */
  bankUpdates: z.enum(["own", "both"]).default("own"),
  /** `false`: do not train the projection head, as in the reference. */
  trainProjection: z.boolean().default(true),
};

export type AlignmentOptions = z.infer<z.ZodObject<typeof alignmentOptions>>;

/** The result of a domain's part of a step. */
interface Half {
  readonly scalars: Scalars;
  /** Means of the classes' features; undefined before the contrastive losses begin. */
  readonly means?: ClassMeans;
}

/** The losses of CFContra on both domains, and their memory banks. */
export interface FineAlignment {
  readonly banks: Banks;
  /** Computes the first prototypes at the end of the warm-up. */
  before(progress: Progress, domains: Domains): Promise<void>;
  /** A step of the network on both domains and then on `others`, which also updates the banks. */
  step(
    trainer: NetworkTrainer,
    batches: Pick<Batches, "source" | "target">,
    progress: Progress,
    others?: readonly Part[],
  ): Scalars;
  readonly state: TensorMap;
  /** The prototypes of both banks, for reports. */
  prototypes(): { readonly source: Tensor; readonly target: Tensor };
  /** Frees what is not in `state`. */
  dispose(): void;
  /** The labels that target images get; see Method. */
  pseudoLabels(images: Tensor, progress: Pick<Progress, "step" | "total">): Tensor | undefined;
}

/**
 * Supervision, entropy minimisation and class-wise contrast against two memory banks.
 * arXiv 2103.12371.
 */
export function fineAlignment(context: MethodContext, options: AlignmentOptions): FineAlignment {
  const { network, group = alone } = context;
  const bank = () => new MemoryBank(network.classes, network.featureSize, network.device);
  const banks = { source: bank(), target: bank() };
  const rails = guardRails(context);
  const count = () => keep(zeros([network.classes], { device: network.device }));
  /** Pixels of each class in the last step's labels for the contrastive loss. */
  const counts = { source: count(), target: count() };

  let started = false;
  const hasPrototypes = () => banks.source.unseen.length < network.classes;

  /** Contrastive terms of one domain's features against both banks. */
  function contrast(domain: "source" | "target", features: Tensor, labels: Tensor): WeightedLosses {
    const other = domain === "source" ? "target" : "source";
    const across = domain === "source" ? "sourceToTarget" : "targetToSource";
    const term = (name: (typeof TERMS)[number], to: MemoryBank): WeightedLosses =>
      options.terms.includes(name)
        ? {
            [`contrast/${name}`]: [
              options.contrast,
              contrastiveLoss(features, labels, to, options.temperature),
            ],
          }
        : {};
    return { ...term(domain, banks[domain]), ...term(across, banks[other]) };
  }

  const space = (features: Tensor, training: boolean): Tensor =>
    scope(() =>
      autocast(context.precision, () => network.project(features, training), network.device),
    );

  const means = (features: Tensor, labels: Tensor): ClassMeans =>
    noGrad(() => pooled(classMeans(features, labels, network.classes), group));

  /** ŷ_t: labels int64 [N, h, w] for a target prediction, IGNORE for uncertain pixels. */
  function guess(
    prediction: Prediction,
    features: Tensor,
    progress: Pick<Progress, "step" | "total">,
  ): Tensor {
    if (options.pseudoLabels === "predictions") return predictedAt(prediction, features);
    const decay = options.thresholdDecay ? poly(progress.step, progress.total, 4) : 1;
    const threshold = options.threshold * decay;
    return pseudoLabels(features, banks.source, { threshold, distance: options.distance });
  }

  function sourceHalf(
    learn: Learn,
    { images, labels }: Batches["source"],
    contrasting: boolean,
  ): Half {
    const prediction = predict(context, images);
    const losses = supervisedLosses(prediction, labels, { aux: options.aux });
    if (!contrasting) return { scalars: learn(losses) };
    const features = space(prediction.features, true);
    const small = labelsAt(labels, features.size(2), features.size(3));
    const all = { ...losses, ...contrast("source", features, small) };
    return { scalars: learn(all), means: means(features, small) };
  }

  function targetHalf(
    learn: Learn,
    images: Tensor,
    progress: Progress,
    contrasting: boolean,
  ): Half {
    const prediction = predict(context, images);
    const losses = entropyLosses(prediction, images, options);
    if (!contrasting) return { scalars: learn(losses) };
    const features = space(prediction.features, true);
    const labels = guess(prediction, features, progress);
    const coverage = labels.ne(IGNORE).to({ dtype: "float32" }).mean();
    const all = { ...losses, ...contrast("target", features, labels) };
    const scalars = { ...learn(all), "pseudo/coverage": coverage };
    return { scalars, means: means(features, labels) };
  }

  /** Updates the prototypes once, after all losses were computed with the old ones. */
  function updateBanks(source: ClassMeans, target: ClassMeans): void {
    banks.source.update(source, options.bankMomentum);
    banks.target.update(target, options.bankMomentum);
    if (options.bankUpdates === "own") return;
    banks.source.update(target, options.bankMomentum);
    banks.target.update(source, options.bankMomentum);
  }

  function watch(step: number): void {
    if (step < options.warmup || !rails.areDue(step)) return;
    rails.pseudoLabels(step, counts.target.numbers());
    for (const domain of ["source", "target"] as const) {
      rails.contrast(step, domain, counts[domain].numbers());
      rails.prototypes(step, domain, banks[domain]);
    }
  }

  /** The source's part of a step, then the target's, which updates the banks at its end. */
  function parts(
    { source, target }: Pick<Batches, "source" | "target">,
    progress: Progress,
  ): Part[] {
    const contrasting = progress.step >= options.warmup;
    let sourceMeans: ClassMeans | undefined;
    return [
      (learn) => {
        const { scalars, means } = scope(() => sourceHalf(learn, source, contrasting));
        sourceMeans = means;
        return scalars;
      },
      (learn) => {
        const { scalars, means } = scope(() =>
          targetHalf(learn, target.images, progress, contrasting),
        );
        if (sourceMeans && means) {
          updateBanks(sourceMeans, means);
          copyInto(counts.source, sourceMeans.counts);
          copyInto(counts.target, means.counts);
        }
        return scalars;
      },
    ];
  }

  /** A name that is the same for steps whose parts compute the same; undefined if every step has its own numbers. */
  function phase({ step }: Progress): string | undefined {
    if (step < options.warmup) return "before contrast";
    const fades = options.thresholdDecay && options.pseudoLabels === "prototypes";
    return fades ? undefined : "contrast";
  }

  /** The prediction for images [N, 3, H, W] in inference mode, and its features in the prototypes' space. */
  function atRest(images: Tensor): Look {
    const forward = () => network.forward(images, false);
    const prediction = autocast(context.precision, forward, network.device);
    return { prediction, features: space(prediction.features, false) };
  }

  return {
    banks,
    prototypes: () => ({ source: banks.source.prototypes, target: banks.target.prototypes }),
    state: new Map([...banks.source.save("bank.source"), ...banks.target.save("bank.target")]),
    step(trainer, { source, target }, progress, others = []) {
      const { rate, step } = progress;
      const name = phase(progress);
      const both = { source, target };
      const scalars =
        name === undefined
          ? trainer.step(rate, [...parts(both, progress), ...others])
          : trainer.capturedStep(rate, name, both, (own) => parts(own, progress), others);
      watch(step);
      return scalars;
    },
    dispose: () => dispose(counts),
    pseudoLabels(images, progress) {
      if (progress.step <= options.warmup) return undefined; // the banks are empty
      return noGrad(() =>
        scope(() => {
          const { prediction, features } = atRest(images);
          return guess(prediction, features, progress);
        }),
      );
    },
    async before({ step }, domains) {
      if (started || step < options.warmup) return;
      started = true;
      if (hasPrototypes()) return; // a resumed run
      await initializeBanks(banks, domains, context, {
        images: { source: options.sourceImages, target: options.targetImages },
        look: atRest,
        guess: (prediction, features) => guess(prediction, features, { step: 0, total: 1 }),
      });
    },
  };
}
