import { z } from "zod";
import { LEAST_SIDE } from "./steps.js";

const whole = z.number().int();

/** How a coder is trained. Defaults: those of its source. */
export const coderTrainingSchema = z.strictObject({
  /** Multiplies every channel count of VGG-19. */
  width: z.number().min(0.03).max(1).optional(),
  /** Steps in which the coder learns to reproduce images, a given MobileNetV2's decoder alone; 0 with VGG. */
  reproduce: whole.min(1).optional(),
  /** Steps in which the decoder learns with the losses of AdaIN. */
  steps: whole.min(1).optional(),
  /** Images of each domain in a step. */
  batch: whole.min(1).optional(),
  /** Images are resized to this (the training size of their domain if omitted) ... */
  size: z.tuple([whole.min(LEAST_SIDE), whole.min(LEAST_SIDE)]).optional(),
  /** ... and randomly cropped to a square of this side. */
  crop: whole.min(LEAST_SIDE).optional(),
  /** Adam's learning rate; at step t it is rate / (1 + decay t). */
  rate: z.number().positive().optional(),
  decay: z.number().min(0).optional(),
  /** Weights of the two losses, Huang & Belongie 2017, eq. 11 (its lambda is 10). */
  content: z.number().min(0).optional(),
  style: z.number().min(0).optional(),
  /** Weight of reproducing content from its own statistics while the decoder learns (pixels' MSE). */
  identity: z.number().min(0).optional(),
});

export type CoderChanges = z.infer<typeof coderTrainingSchema>;
/** The settings of the training of a coder, complete. */
export type CoderTraining = {
  readonly [Key in Exclude<keyof CoderChanges, "size">]-?: NonNullable<CoderChanges[Key]>;
} & { readonly size?: readonly [number, number] | undefined };

/** Settings by where the encoder comes from. */
const TRAINING = {
  /** A small coder, trained on the two domains only: under a minute on two cores. */
  own: {
    ...{ width: 0.25, reproduce: 400, steps: 250, batch: 4, crop: 64 },
    ...{ rate: 2e-3, decay: 5e-3, content: 1, style: 10, identity: 50 },
  },
  /** A decoder for AdaIN's encoder, as published. */
  vgg: {
    ...{ width: 1, reproduce: 0, steps: 160000, batch: 4, size: [512, 512], crop: 256 },
    ...{ rate: 1e-4, decay: 5e-5, content: 1, style: 10, identity: 0 },
  },
  /** A decoder for an ImageNet MobileNetV2, whose features have a deviation of about 5. */
  mobilenetv2: {
    ...{ width: 1, reproduce: 250, steps: 150, batch: 4, crop: 64 },
    ...{ rate: 2e-3, decay: 5e-3, content: 1 / 25, style: 10 / 25, identity: 50 },
  },
} as const satisfies Record<string, CoderTraining>;

/** Where a coder's encoder comes from: trained, or a given file. */
export type CoderSource = keyof typeof TRAINING;

/** The settings of a training: the defaults, with the user's changes. */
export function coderTraining(changes: CoderChanges, source: CoderSource): CoderTraining {
  const known = Object.entries(changes).filter(([, value]) => value !== undefined);
  return { ...TRAINING[source], ...Object.fromEntries(known) };
}
