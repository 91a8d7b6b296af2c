import type { Network } from "../network/index.js";
import { randomState, scope, setRandomState } from "../torch/index.js";
import type { Average, Method, Progress } from "./method.js";
import { meanTeacher } from "./step/teacher.js";

/**
 * Adds a running average of the network to a method, updated like a mean teacher. If the method already
 * has an average with this decay, that one is used. The training itself does not change, to the bit.
 */
export function averaged(
  method: Method,
  student: Network,
  decay: number,
): Method & { readonly average: Average } {
  const { average, step } = method;
  if (average?.decay === decay) return { ...method, average };
  const own = scope(() => {
    const before = randomState(); // a new network draws its initial weights
    const made = meanTeacher(student, decay, "ema.");
    setRandomState(before);
    return made;
  });
  return {
    ...method,
    average: own,
    state: new Map([...method.state, ...own.state]),
    step(batches: never, progress: Progress) {
      const scalars = step(batches, progress);
      own.follow(progress.step);
      return scalars;
    },
  } as Method & { readonly average: Average };
}
