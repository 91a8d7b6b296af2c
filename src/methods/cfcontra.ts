import { z } from "zod";
import type { Method, MethodContext } from "./method.js";
import { networkOptimizer } from "./source-only.js";
import { alignmentOptions, fineAlignment } from "./step/fine-alignment.js";

export const cfcontraOptions = z.strictObject(alignmentOptions);

/**
 * CFContra: entropy minimisation and class-wise contrast. arXiv 2103.12371. Coarse alignment happens
 * to the images before they come here.
 */
export function cfcontra(context: MethodContext, options: z.infer<typeof cfcontraOptions>): Method {
  const optimizer = networkOptimizer(context, options.trainProjection);
  const alignment = fineAlignment(context, options);
  return {
    usesTarget: true,
    state: new Map([...optimizer.state, ...alignment.state]),
    before: alignment.before,
    prototypes: alignment.prototypes,
    step(batches, progress) {
      const scalars = alignment.step(batches, progress, optimizer.lastBackward);
      optimizer.step(progress.rate);
      return scalars;
    },
  };
}
