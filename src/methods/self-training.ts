import { z } from "zod";
import { denoisedLogits } from "../contrast/index.js";
import { IGNORE } from "../datasets/dataset.js";
import { type Prediction, upsampleLogits, weightedSegmentationLoss } from "../network/index.js";
import { autocast, noGrad, ones, scope, type Tensor, topk } from "../torch/index.js";
import type { Batches, Method, MethodContext, Progress, Scalars } from "./method.js";
import { classMix, type Labelled } from "./step/class-mix.js";
import { alignmentOptions, fineAlignment } from "./step/fine-alignment.js";
import { guardRails } from "./step/guard-rails.js";
import { maskedLosses, maskOptions } from "./step/masked-image.js";
import { type Learn, networkTrainer, type Part } from "./step/network-trainer.js";
import { strongly, strongOptions } from "./step/strong-augment.js";
import { predict, SUPERVISED } from "./step/supervised.js";
import { meanTeacher } from "./step/teacher.js";
import { jitterChannels } from "./step/tensor-augment.js";
import { withoutStatistics } from "./step/without-statistics.js";

const weight = z.number().min(0);

export const selfTrainingOptions = z.strictObject({
  ...alignmentOptions,
  /** Weight of the cross-entropy on mixed images; for the auxiliary head, `aux` times this. */
  mixed: weight.default(1),
  /** Decay of the teacher's average in each step. */
  teacherDecay: z.number().min(0).max(1).default(0.99),
  /** Pseudo-labels of a batch are weighted by the fraction of its pixels with a higher confidence. */
  confidence: z.number().min(0).max(1).default(0.968),
  /** Factor of the cosine with a class's target prototype that is added to the teacher's logit; 0 is off. */
  denoising: weight.default(5),
  /** Contrast and brightness of each channel of the student's images change by up to this fraction. */
  jitter: z.number().min(0).max(1).default(0.2),
  /** Strong augmentation of the student's images, instead of `jitter`. */
  strong: strongOptions.optional(),
  /** Fractions of the target images' height at the top and bottom without pseudo-labels. */
  ignoreTop: z.number().min(0).max(1).default(0),
  ignoreBottom: z.number().min(0).max(1).default(0),
  /** Masked image consistency; off if omitted. */
  mask: maskOptions.optional(),
});

type Options = z.infer<typeof selfTrainingOptions>;

/**
 * CFContra with self-training: on images mixed from both domains (ClassMix, as in DACS, Tranheden et al.,
 * WACV 2021), with pseudo-labels of a mean teacher, which the target's memory bank corrects (ProDA, Zhang
 * et al., CVPR 2021) and the teacher's confidence weights. The evaluated and saved network is the student;
 * the teacher is part of the method's state.
 */
export function selfTraining(context: MethodContext, options: Options): Method {
  const { network, precision } = context;
  const trainer = networkTrainer(context, options.trainProjection);
  const alignment = fineAlignment(context, options);
  const rails = guardRails(context);
  const teacher = meanTeacher(network, options.teacherDecay);

  /** The teacher's logits, and its features in the space of the prototypes. */
  function look(images: Tensor): Pick<Prediction, "main" | "features"> {
    const { main, features } = teacher.network.forward(images, false);
    return { main, features: teacher.network.project(features, false) };
  }

  /** The teacher's classes for images [N, 3, H, W], and its confident pixels, [N, 1, H, W] each. */
  function judge(images: Tensor): { readonly labels: Tensor; readonly isSure: Tensor } {
    const { main, features } = autocast(precision, () => look(images), network.device);
    const logits = denoisedLogits(main, features, alignment.banks.target, options.denoising);
    const probability = upsampleLogits(logits, images.size(2), images.size(3)).softmax(1);
    const [most, labels] = topk(probability, 1, 1);
    return { labels, isSure: most.gt(options.confidence) };
  }

  /** Sets the margins without pseudo-labels to 0, in [N, H, W]. */
  function clearMargins(weights: Tensor): void {
    const height = weights.size(1);
    weights.slice(1, 0, Math.round(options.ignoreTop * height)).zeroInPlace();
    weights.slice(1, height - Math.round(options.ignoreBottom * height)).zeroInPlace();
  }

  /** The teacher's weighted labels for target images [N, 3, H, W], and the fraction of confident pixels. */
  function teach(images: Tensor): Labelled & { readonly sure: Tensor } {
    return noGrad(() =>
      scope(() => {
        const [height, width] = [images.size(2), images.size(3)];
        const { labels, isSure } = judge(images);
        const sure = isSure.to({ dtype: "float32" }).mean();
        const weights = sure.expand(images.size(0), height, width).clone();
        clearMargins(weights);
        return { images, labels: labels.squeeze(1), weights, sure };
      }),
    );
  }

  /** The labels of which the teacher is more confident than `confidence`. */
  function pseudoLabels(images: Tensor, { step }: Pick<Progress, "step">): Tensor | undefined {
    if (step <= options.warmup) return undefined;
    return noGrad(() =>
      scope(() => {
        const { labels, isSure } = judge(images);
        const used = isSure.squeeze(1).to({ dtype: "float32" });
        clearMargins(used);
        return labels.squeeze(1).maskedFill(used.lt(0.5), IGNORE);
      }),
    );
  }

  /** The augmentation of the student's images. The teacher's are not augmented. */
  const seen = (images: Tensor) =>
    options.strong === undefined
      ? jitterChannels(images, options.jitter)
      : strongly(images, network.input, options.strong);

  /** Cross-entropy of both heads on a mixture of the batch's domains. */
  function mixedPart(learn: Learn, source: Batches["source"], taught: Labelled): Scalars {
    const known = { ...source, weights: ones(source.labels.shape, { device: network.device }) };
    const { images, labels, weights } = classMix(known, taught, network.classes);
    const { main, aux } = predict(context, seen(images));
    return learn({
      "mixed/main": [options.mixed, weightedSegmentationLoss(main, labels, weights)],
      "mixed/aux": [options.mixed * options.aux, weightedSegmentationLoss(aux, labels, weights)],
    });
  }

  /** The parts of a step that use the teacher's labels for target images [N, 3, H, W]. */
  function taughtParts({ source, target: { images } }: Batches, step: number): Part[] {
    const { mask, aux } = options;
    let taught: ReturnType<typeof teach>;
    // A mixture is of neither domain, so its statistics are not kept.
    const aside = (body: () => Scalars) => withoutStatistics(network, body);
    const mixed: Part = (learn) => {
      taught = teach(images);
      if (rails.areDue(step)) {
        const counts = scope(() => taught.labels.reshape(-1).bincount(network.classes).numbers());
        rails.pseudoLabels(step, counts, "teacher");
      }
      const scalars = aside(() => mixedPart(learn, source, taught));
      return { ...scalars, "pseudo/confidence": taught.sure };
    };
    if (mask === undefined) return [mixed];
    const masked: Part = (learn) =>
      aside(() => learn(maskedLosses(context, taught, seen(images), { ...mask, aux })));
    return [mixed, masked];
  }

  return {
    usesTarget: true,
    headline: SUPERVISED,
    state: new Map([...trainer.state, ...alignment.state, ...teacher.state]),
    average: teacher,
    before: alignment.before,
    prototypes: alignment.prototypes,
    pseudoLabels,
    step(batches, progress) {
      const scalars = scope(() => {
        const taught = progress.step >= options.warmup ? taughtParts(batches, progress.step) : [];
        return alignment.step(trainer, batches, progress, taught);
      });
      teacher.follow(progress.step);
      return scalars;
    },
    dispose() {
      trainer.dispose();
      alignment.dispose();
    },
  };
}
