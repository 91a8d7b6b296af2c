// What `train.deterministic` costs a training step.
import { attempt, check, measured, skip } from "../report.js";
import { device, secondsLeft, tiny } from "../settings.js";
import { timeOfStep } from "../time-step.js";

await attempt("the cost", () => {
  for (const precision of /** @type {const} */ (["bfloat16", "float32"])) {
    if (secondsLeft() < 20) return skip(`its cost in ${precision}`, "no time left");
    const few = tiny ? { warmup: 1, steps: 1, small: true } : { warmup: 5, steps: 10 };
    const [free, exact] = [false, true].map((deterministic) =>
      timeOfStep({ device, precision, batch: 1, ...few, deterministic, graphs: true }),
    );
    if (!free || !exact) throw new Error("two measurements were expected");
    const name = `the cost of train.deterministic in ${precision}, ${tiny ? "64x32" : "640x320"}, 1+1`;
    const ratio = exact.seconds / free.seconds;
    const cost = `${((ratio - 1) * 100).toFixed(0)} %`;
    if (tiny) check(`${name}, is measured`, ratio > 0, cost);
    else check(`${name}, is less than nine times`, ratio < 10, cost);
    measured(name, { seconds: free.seconds, deterministic: exact.seconds, ratio });
  }
});
