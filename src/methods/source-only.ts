import { z } from "zod";
import type { Method, MethodContext } from "./method.js";
import { networkTrainer } from "./step/network-trainer.js";
import { SUPERVISED, supervisedOptions, supervisedPart } from "./step/supervised.js";

export const sourceOnlyOptions = z.strictObject(supervisedOptions);

/** Trains only on the source: the baseline of adaptation. */
export function sourceOnly(
  context: MethodContext,
  { aux }: z.infer<typeof sourceOnlyOptions>,
): Method {
  const trainer = networkTrainer(context);
  return {
    usesTarget: false,
    headline: SUPERVISED,
    state: trainer.state,
    step: ({ source }, { rate }) =>
      trainer.capturedStep(rate, "", { source }, ({ source }) => [
        supervisedPart(context, source, aux),
      ]),
    dispose: trainer.dispose,
  };
}
