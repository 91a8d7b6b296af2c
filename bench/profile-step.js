// Measures time and memory of the parts of a CFContra step. Prints one JSON line.
//   node bench/profile-step.js --width 320 --height 160 --precision bfloat16
// Times are processor seconds of all threads, which depend less on other programs than wall-clock time.
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { noGrad, randn, scope, setThreads } from "../dist/torch/index.js";
import { native } from "../dist/torch/native.js";
import { workload } from "./workload.js";

/**
 * @typedef {[stride: number[], padding: number[], dilation: number[], groups: number]} Options
 * @typedef {[input: number[], kernel: number[], ...Options]} Shapes of a convolution
 * @typedef {{ precision: string, stages: ReturnType<ReturnType<typeof stages>["end"]>, peakMiB: number, convolutions: ReturnType<typeof layers> }} Profile
 */

/** @param {number} value */
const round = (value, digits = 3) => Number(value.toFixed(digits));

function cpuSeconds() {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

/** Peak resident memory since the last call, in MiB; undefined if the system does not report it. */
function peakMiB() {
  try {
    const status = readFileSync("/proc/self/status", "utf8");
    writeFileSync("/proc/self/clear_refs", "5");
    const kibibytes = /VmHWM:\s+(\d+)/.exec(status)?.[1];
    return kibibytes === undefined ? undefined : Math.round(Number(kibibytes) / 1024);
  } catch {
    return undefined;
  }
}

/**
 * Adds up processor seconds and memory peaks of one step, by stage.
 * @param {import("../dist/network/index.js").Network} network
 */
function stages(network) {
  /** @type {Map<string, { cpuSeconds: number, peakMiB: number }>} */
  const rows = new Map();
  let before = cpuSeconds();
  /** @param {string} name */
  const close = (name) => {
    const now = cpuSeconds();
    const row = rows.get(name) ?? { cpuSeconds: 0, peakMiB: 0 };
    rows.set(name, {
      cpuSeconds: round(row.cpuSeconds + now - before),
      peakMiB: Math.max(row.peakMiB, peakMiB() ?? 0),
    });
    before = now;
  };
  /** @type {(name: string) => <T>(run: () => T) => T} */
  const stage = (name) => (run) => {
    close("losses, contrast, banks");
    const result = run();
    close(name);
    return result;
  };
  const { forward, project } = network;
  Object.assign(network, {
    /** @type {typeof forward} */
    forward: (...args) => stage("forward")(() => forward(...args)),
    /** @type {typeof project} */
    project: (...args) => stage("projection")(() => project(...args)),
  });
  const { backward } = native;
  native.backward = (...args) => stage("backward")(() => backward(...args));
  return {
    begin() {
      rows.clear();
      peakMiB();
      before = cpuSeconds();
    },
    end() {
      close("optimiser, banks");
      return Object.fromEntries(rows);
    },
  };
}

/**
 * Records the shapes of every convolution while it is open.
 * @param {import("../dist/network/index.js").Network} network
 */
function convolutions(network) {
  const names = new Map([...network.parameters.all].map(([name, { handle }]) => [handle, name]));
  /** @type {Map<string, { name: string | undefined, shapes: Shapes, count: number }>} */
  const seen = new Map();
  let id = -1;
  let open = false;
  const { lookup, call } = native;
  native.lookup = (name, overload) => {
    const found = lookup(name, overload);
    if (name === "aten::conv2d") id = found;
    return found;
  };
  native.call = (operator, ...args) => {
    if (open && operator === id) {
      const [x, weight, , ...options] = /** @type {[number, number, null, ...Options]} */ (args);
      /** @type {Shapes} */
      const shapes = [native.shape(x), native.shape(weight), ...options];
      const key = JSON.stringify(shapes);
      const entry = seen.get(key) ?? { name: names.get(weight), shapes, count: 0 };
      seen.set(key, { ...entry, count: entry.count + 1 });
    }
    return call(operator, ...args);
  };
  return {
    seen,
    /** @param {boolean} on */
    record(on) {
      open = on;
    },
  };
}

/** @param {string} name */
const operatorId = (name) => native.lookup(`aten::${name}`, "");

/** The kernel counts processor time in steps of up to 10 ms, so shorter work must be repeated. */
const LONG_ENOUGH = 0.25; // processor seconds

/**
 * Mean processor milliseconds of a run over many, after a warm-up run.
 * @param {() => (number | null)[]} run
 */
function milliseconds(run) {
  const once = () => {
    for (const handle of run()) if (handle !== null) native.dispose(handle);
  };
  once();
  const began = cpuSeconds();
  let runs = 0;
  let spent = 0;
  while (spent < LONG_ENOUGH) {
    once();
    runs++;
    spent = cpuSeconds() - began;
  }
  return (1000 * spent) / runs;
}

/**
 * Measures one convolution alone: GFLOP/s per thread of the forward and both backward passes.
 * @param {Shapes} shapes
 * @param {import("../dist/torch/index.js").Precision} precision
 */
function replay([input, kernel, stride, padding, dilation, groups], precision) {
  return noGrad(() =>
    scope(() => {
      /** @param {number[]} shape */
      const random = (shape) => randn(shape).to({ dtype: precision });
      const [x, weight] = [random(input), random(kernel)];
      const options = [stride, padding, dilation, groups];
      const once = () =>
        /** @type {number} */ (
          native.call(operatorId("conv2d"), x.handle, weight.handle, null, ...options)
        );
      const forward = () => [once()];
      const output = once();
      const outputShape = native.shape(output);
      native.dispose(output);
      const slope = random(outputShape);
      /** @param {boolean[]} mask */
      const backward = (mask) => () =>
        /** @type {(number | null)[]} */ (
          native.call(
            operatorId("convolution_backward"),
            ...[slope.handle, x.handle, weight.handle, null],
            ...[stride, padding, dilation, false, [0, 0], groups, mask],
          )
        );
      const perOutput = kernel.slice(1).reduce((product, size) => product * size, 2);
      const gflop = (outputShape.reduce((product, size) => product * size, 1) * perOutput) / 1e9;
      const passes = {
        forward: milliseconds(forward),
        inputs: input[1] === 3 ? 0 : milliseconds(backward([true, false, false])),
        weights: milliseconds(backward([false, true, false])),
      };
      return { gflop, passes };
    }),
  );
}

const ONES = [1, 1];
/** A convolution that the machine runs well: input, kernel, stride, padding, dilation, groups. */
/** @type {Shapes} */
const IDEAL = [[1, 512, 64, 64], [512, 512, 3, 3], ONES, ONES, ONES, 1];

/**
 * Every distinct convolution of a step, slowest first, with its fraction of the roofline.
 * @param {ReturnType<typeof convolutions>["seen"]} seen
 * @param {import("../dist/torch/index.js").Precision} precision
 */
function layers(seen, precision) {
  const rows = [...seen.values()].map((row) => ({ ...row, ...replay(row.shapes, precision) }));
  /** @param {ReturnType<typeof replay>} own */
  const rates = ({ gflop, passes }) =>
    Object.values(passes).flatMap((ms) => (ms > 0 ? [(gflop / ms) * 1000] : []));
  const roofline = Math.max(...rates(replay(IDEAL, precision)), ...rows.flatMap(rates));
  const described = rows.map(({ name, shapes, count, gflop, passes }) => {
    const times = Object.values(passes);
    const total = times.reduce((sum, ms) => sum + ms, 0);
    const work = gflop * times.filter((ms) => ms > 0).length;
    return {
      name: name ?? `product with [${shapes[1]}]`,
      input: shapes[0].join("x"),
      kernel: shapes[1].join("x"),
      dilation: shapes[4][0],
      timesAStep: count,
      gflop: round(gflop),
      milliseconds: Object.fromEntries(Object.entries(passes).map(([k, ms]) => [k, round(ms, 2)])),
      cpuSecondsAStep: round((count * total) / 1000),
      shareOfRoofline: round((1000 * work) / total / roofline, 2),
    };
  });
  const seconds = described.reduce((sum, row) => sum + row.cpuSecondsAStep, 0);
  const atRoofline = described.reduce(
    (sum, row) => sum + row.cpuSecondsAStep * row.shareOfRoofline,
    0,
  );
  return {
    rooflineGflopsPerThread: Math.round(roofline),
    cpuSecondsAStep: round(seconds),
    cpuSecondsAtRoofline: round(atRoofline),
    shareOfRoofline: round(atRoofline / seconds, 2),
    layers: described.toSorted((a, b) => b.cpuSecondsAStep - a.cpuSecondsAStep),
  };
}

async function main() {
  const { values } = parseArgs({
    options: {
      width: { type: "string", default: "320" },
      height: { type: "string", default: "160" },
      threads: { type: "string", default: "2" },
      precision: { type: "string", default: "bfloat16" },
    },
  });
  const precision = /** @type {import("../dist/torch/index.js").Precision} */ (values.precision);
  setThreads(Number(values.threads));
  const { network, before, step } = workload({
    ...{ width: Number(values.width), height: Number(values.height), precision },
  });
  const convolution = convolutions(network);
  const stage = stages(network);
  await before(0);
  step(0); // warms up
  convolution.record(true);
  stage.begin();
  step(1);
  const result = { precision, stages: stage.end() };
  convolution.record(false);
  const peak = Math.round(process.resourceUsage().maxRSS / 1024);
  const convolutionsAlone = layers(convolution.seen, precision);
  console.log(JSON.stringify({ ...result, peakMiB: peak, convolutions: convolutionsAlone }));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
