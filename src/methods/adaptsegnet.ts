import { z } from "zod";
import type { Method, MethodContext } from "./method.js";
import { outputSpace, outputSpaceOptions } from "./output-space.js";

export const adaptSegNetOptions = z.strictObject(outputSpaceOptions);

/** Output-space adversarial learning at two levels: Tsai et al., AdaptSegNet, CVPR 2018. */
export function adaptSegNet(
  context: MethodContext,
  options: z.infer<typeof adaptSegNetOptions>,
): Method {
  return outputSpace(context, options, (probability) => probability);
}
