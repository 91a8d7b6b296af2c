import { z } from "zod";
import { scope } from "../torch/index.js";
import type { Method, MethodContext } from "./method.js";
import { alignmentOptions, fineAlignment } from "./step/fine-alignment.js";
import { networkTrainer } from "./step/network-trainer.js";
import { SUPERVISED } from "./step/supervised.js";

export const cfcontraOptions = z.strictObject(alignmentOptions);

/**
 * CFContra: entropy minimisation and class-wise contrast. arXiv 2103.12371. Coarse alignment is applied to
 * the images before.
 */
export function cfcontra(context: MethodContext, options: z.infer<typeof cfcontraOptions>): Method {
  const trainer = networkTrainer(context, options.trainProjection);
  const alignment = fineAlignment(context, options);
  return {
    usesTarget: true,
    headline: SUPERVISED,
    state: new Map([...trainer.state, ...alignment.state]),
    before: alignment.before,
    prototypes: alignment.prototypes,
    pseudoLabels: alignment.pseudoLabels,
    step: (batches, progress) => scope(() => alignment.step(trainer, batches, progress)),
    dispose() {
      trainer.dispose();
      alignment.dispose();
    },
  };
}
