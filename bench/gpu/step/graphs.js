// `train.graphs`: steps that are captured and replayed come to the bits of steps operator by operator.
import { predictLabels } from "../../../dist/evaluate/index.js";
import { compileNetwork, deeplabV2 } from "../../../dist/network/index.js";
import { dispose, manualSeed, useDevice } from "../../../dist/torch/index.js";
import { native } from "../../../dist/torch/native.js";
import { attempt, check, measured, skip } from "../report.js";
import { scene } from "../scene.js";
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
  { method: "self-training", options: { mask: { block: 0.25 } }, context: { optimizer: "adamw" } },
];
const size = tiny ? 32 : 64;
/** The fourth step is captured. */
const steps = tiny ? 5 : 10;

let captures = 0;
const { beginCapture } = native;
if (beginCapture) {
  native.beginCapture = () => {
    captures++;
    return beginCapture();
  };
}

await attempt("predictions", () => {
  const size = { width: tiny ? 64 : 256, height: tiny ? 32 : 128 };
  const image = scene(0, size);
  /** @param {boolean} graphs */
  const predicted = (graphs) => {
    useDevice(device, { graphs });
    manualSeed(1);
    const options = { backbone: /** @type {const} */ ("resnet18"), width: 0.25, classes: 19 };
    const network = deeplabV2({ ...options, head: "none", device });
    const compiled = compileNetwork(network, "float32");
    captures = 0;
    const all = Array.from({ length: 6 }, () => predictLabels(compiled, image, size));
    compiled.dispose();
    dispose(network.parameters.all);
    return { all: all.map(String), captures };
  };
  const [plain, captured] = [predicted(false), predicted(true)];
  if (isGpu) check("predictions are captured", captured.captures === 1, `${captured.captures}`);
  check("captured predictions are the same", String(plain.all) === String(captured.all));
});

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
      const plain = await run(false);
      captures = 0;
      const captured = await run(true);
      const failures = warnings.filter((sentence) => sentence.includes("CUDA graph"));
      // The loss changes after a warm-up.
      const expected = isGpu ? (setup.options?.warmup ? 2 : 1) : 0;
      check(
        `${title}: it is captured`,
        failures.length === 0 && captures === expected,
        failures[0] ?? `${captures}`,
      );
      /** @param {typeof plain} trained */
      const losses = ({ scalars }) => JSON.stringify(scalars);
      check(`${title}: the same losses`, losses(plain) === losses(captured));
      check(`${title}: the same weights`, String(plain.change) === String(captured.change));
      if (isGpu) measured(title, { plain: plain.seconds, captured: captured.seconds });
    });
  }
}
