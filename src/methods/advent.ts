import { z } from "zod";
import { selfInformation } from "../entropy/index.js";
import type { Method, MethodContext } from "./method.js";
import { outputSpace, outputSpaceOptions } from "./output-space.js";

export const adventOptions = z.strictObject(outputSpaceOptions);

/**
 * Adversarial entropy minimisation: the input of discriminators is weighted self-information maps.
 * Vu et al., ADVENT, CVPR 2019, section 3.2.
 */
export function advent(context: MethodContext, options: z.infer<typeof adventOptions>): Method {
  return outputSpace(context, options, selfInformation);
}
