// What `train.deterministic` costs a training step.
import { attempt, measured, skip } from "../report.js";
import { device, isGpu, secondsLeft } from "../settings.js";
import { timeOfStep } from "../time-step.js";

await attempt("the cost", () => {
  if (!isGpu) return skip("the cost of train.deterministic", "needs a GPU");
  for (const precision of /** @type {const} */ (["bfloat16", "float32"])) {
    if (secondsLeft() < 20) return skip(`its cost in ${precision}`, "no time left");
    const [free, exact] = [false, true].map((deterministic) =>
      timeOfStep({
        device,
        precision,
        batch: 1,
        warmup: 5,
        steps: 10,
        deterministic,
        graphs: true,
      }),
    );
    if (!free || !exact) throw new Error("two measurements were expected");
    measured(`the cost of train.deterministic in ${precision}, 640x320, 1+1`, {
      ...{ seconds: free.seconds, deterministic: exact.seconds },
      ratio: exact.seconds / free.seconds,
    });
  }
});
