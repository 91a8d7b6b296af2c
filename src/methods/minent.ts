import { z } from "zod";
import type { Method, MethodContext } from "./method.js";
import { entropyLosses, entropyOptions } from "./step/entropy-losses.js";
import { supervisedOptions } from "./step/supervised.js";
import { twoHalves } from "./step/two-halves.js";

export const minentOptions = z.strictObject({ ...supervisedOptions, ...entropyOptions });

/** Entropy minimisation: Vu et al., ADVENT, CVPR 2019, section 3.1. */
export function minent(context: MethodContext, options: z.infer<typeof minentOptions>): Method {
  return twoHalves(context, options.aux, (prediction, images) =>
    entropyLosses(prediction, images, options),
  );
}
