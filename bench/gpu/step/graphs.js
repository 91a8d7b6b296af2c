// `train.graphs`: steps that are captured and replayed come to the bits of steps operator by operator.
import { useDevice } from "../../../dist/torch/index.js";
import { attempt, check, measured, skip } from "../report.js";
import { device, isGpu, secondsLeft, tiny } from "../settings.js";
import { smallRun } from "../small-run.js";

/** @type {import("../small-run.js").Setup[]} */
const SETUPS = [
  { method: "cfcontra" },
  { method: "cfcontra", options: { warmup: 4, pseudoLabels: "predictions" } },
  { method: "cfcontra", context: { optimizer: "adamw", clip: 0.5 } },
  { method: "minent", backbone: "mobilenetv2", decoder: "deeplab-v3plus" },
  { method: "maxsquare", context: { ema: 0.9 } },
  { method: "source-only", context: { optimizer: "adamw" } },
];
const size = tiny ? 32 : 64;
/** The fourth step is captured. */
const steps = tiny ? 5 : 10;

for (const setup of tiny ? SETUPS.slice(0, 1) : SETUPS) {
  const { method, ...rest } = setup;
  const name = [method, ...Object.values(rest).map((value) => JSON.stringify(value))].join(" ");
  for (const precision of /** @type {const} */ (["float32", "bfloat16"])) {
    const title = `${name} in ${precision}`;
    if (secondsLeft() < 5) {
      skip(title, "no time left");
      continue;
    }
    await attempt(title, async () => {
      /** @type {string[]} */
      const warnings = [];
      /** @param {boolean} graphs */
      const run = async (graphs) => {
        useDevice(device, { deterministic: true, channelsLast: precision === "bfloat16", graphs });
        const began = performance.now();
        const trained = await smallRun(
          {
            ...setup,
            context: { ...setup.context, warn: (sentence) => void warnings.push(sentence) },
          },
          { device, precision, steps, size },
        );
        return { ...trained, seconds: (performance.now() - began) / 1000 };
      };
      const [plain, captured] = [await run(false), await run(true)];
      const failures = warnings.filter((sentence) => sentence.includes("CUDA graph"));
      check(`${title}: it is captured`, failures.length === 0, failures[0]);
      /** @param {typeof plain} trained */
      const losses = ({ scalars }) => JSON.stringify(scalars);
      check(`${title}: the same losses`, losses(plain) === losses(captured));
      check(`${title}: the same weights`, String(plain.change) === String(captured.change));
      if (isGpu) measured(title, { plain: plain.seconds, captured: captured.seconds });
    });
  }
}
