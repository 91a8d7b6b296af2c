// One seed on the CPU and on the GPU: every method, backbone and decoder trains some steps and must come to
// the same losses and weights.
import { METHODS } from "../../../dist/methods/index.js";
import { BACKBONES, DECODERS } from "../../../dist/network/index.js";
import { useDevice } from "../../../dist/torch/index.js";
import { largestDifference, relativeError } from "../difference.js";
import { attempt, skip, within } from "../report.js";
import { device, isGpu, secondsLeft, tiny } from "../settings.js";
import { smallRun } from "../small-run.js";

/** @typedef {import("../small-run.js").Setup} Setup */

/** @type {Setup[]} */
const SETUPS = [
  ...METHODS.map((method) => ({ method })),
  { method: "self-training", options: { strong: { grey: 0.5 }, mask: { block: 0.25 }, warmup: 1 } },
  ...BACKBONES.map((backbone) => ({ method: /** @type {const} */ ("minent"), backbone })),
  ...DECODERS.map((decoder) => ({ method: /** @type {const} */ ("minent"), decoder })),
];
/**
 * Arithmetic of the device, of the CPU to compare with, and the largest relative differences: of losses and
 * statistics, and of the change of the weights.
 */
const ARITHMETIC = /** @type {const} */ ([
  { name: "float32", precision: "float32", tf32: false, bound: 1e-4, change: 1e-2 },
  { name: "TF32", precision: "float32", tf32: true, bound: 1e-2, change: 0.5 },
  { name: "bfloat16", precision: "bfloat16", tf32: false, bound: 5e-2, change: 0.5 },
]);
/**
 * Fifty and more layers without trained weights amplify rounding. Between libtorch 1.13 and 2.13 on the CPU, the
 * gradient of a ResNet-101 differs by 13 % in float32 and by more than itself in bfloat16; that of a ResNet-18
 * by 1e-5 and 4e-4. So these take one step, and only float32 compares the change of their weights.
 */
const DEEP = /^resnet(50|101)/;
const DEEP_CHANGE = 0.5;
const size = tiny ? 32 : 64;
/** In less than float32, rounding decides which pixels get a pseudo-label. */
const OF_PSEUDO_LABELS = /^(contrast|pseudo|mixed)\//;

/** @param {Setup} setup */
const nameOf = ({ method, backbone, decoder, options }) =>
  [method, backbone, decoder, options && JSON.stringify(options)].filter(Boolean).join(" ");

/** @param {Record<string, number>} scalars */
const withoutPseudoLabels = (scalars) =>
  Object.fromEntries(Object.entries(scalars).filter(([name]) => !OF_PSEUDO_LABELS.test(name)));

/** @param {Setup} setup @param {string} name */
async function compare(setup, name) {
  /** @type {Partial<Record<"float32" | "bfloat16", import("../small-run.js").Trained>>} */
  const known = {};
  const deep = DEEP.test(setup.backbone ?? "");
  const how = { steps: tiny || deep ? 1 : 2, size };
  for (const { name: arithmetic, precision, tf32, bound, change } of ARITHMETIC) {
    const title = `${name} in ${arithmetic}`;
    if (tf32 && !isGpu) {
      skip(title, "needs a GPU");
      continue;
    }
    await attempt(title, async () => {
      useDevice(device, { tf32, benchmark: false, channelsLast: precision === "bfloat16" });
      known[precision] ??= await smallRun(setup, { ...how, device: "cpu", precision });
      const wanted = known[precision];
      const found = await smallRun(setup, { ...how, device, precision });
      within(`${title}, start`, relativeError(found.before, wanted.before), 0);
      const [a, b] = [found.scalars, wanted.scalars].map((scalars) =>
        arithmetic === "float32" ? scalars : scalars.map(withoutPseudoLabels),
      );
      within(`${title}, losses`, largestDifference(a ?? [], b ?? []), bound);
      within(`${title}, statistics`, relativeError(found.statistics, wanted.statistics), bound);
      if (deep && arithmetic !== "float32") return;
      const most = deep ? DEEP_CHANGE : change;
      within(`${title}, change of weights`, relativeError(found.change, wanted.change), most);
    });
  }
}

for (const setup of tiny ? SETUPS.slice(5, 6) : SETUPS) {
  const name = nameOf(setup);
  if (secondsLeft() < 5) skip(name, "no time left");
  else await compare(setup, name);
}
