// Where a CFContra step spends its time and memory: prints one JSON line.
//   node bench/profile-step.js --width 320 --height 160 --precision bfloat16
// Times are processor seconds of all threads, which other programs disturb less than the clock.
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { noGrad, randn, scope, setThreads } from "../dist/torch/index.js";
import { native } from "../dist/torch/native.js";
import { workload } from "./workload.js";

const round = (value, digits = 3) => Number(value.toFixed(digits));

function cpuSeconds() {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

/** The resident peak since the last call, in MiB; undefined where the system does not say. */
function peakMiB() {
  try {
    const status = readFileSync("/proc/self/status", "utf8");
    writeFileSync("/proc/self/clear_refs", "5");
    return Math.round(Number(/VmHWM:\s+(\d+)/.exec(status)[1]) / 1024);
  } catch {
    return undefined;
  }
}

/** Calls `around(run, args)` in place of `object[name](...args)`. */
function wrap(object, name, around) {
  const original = object[name];
  object[name] = (...args) => around(() => original.apply(object, args), args);
}

/** Sums up, by stage, processor seconds and memory peaks of one step. */
function stages(network) {
  const rows = new Map();
  let before = cpuSeconds();
  const close = (name) => {
    const now = cpuSeconds();
    const row = rows.get(name) ?? { cpuSeconds: 0, peakMiB: 0 };
    rows.set(name, {
      cpuSeconds: round(row.cpuSeconds + now - before),
      peakMiB: Math.max(row.peakMiB, peakMiB() ?? 0),
    });
    before = now;
  };
  const stage = (name) => (run) => {
    close("losses, contrast, banks");
    const result = run();
    close(name);
    return result;
  };
  wrap(network, "forward", stage("forward"));
  wrap(network, "project", stage("projection"));
  wrap(native, "backward", stage("backward"));
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

/** Notes every convolution by its shapes while it is open. */
function convolutions(network) {
  const names = new Map([...network.parameters.all].map(([name, { handle }]) => [handle, name]));
  const seen = new Map();
  let id = -1;
  let open = false;
  wrap(native, "lookup", (run, [name]) => {
    const found = run();
    if (name === "aten::conv2d") id = found;
    return found;
  });
  wrap(native, "call", (run, args) => {
    if (open && args[0] === id) {
      const [, x, weight, , ...options] = args;
      const shapes = [native.shape(x), native.shape(weight), ...options];
      const key = JSON.stringify(shapes);
      const entry = seen.get(key) ?? { name: names.get(weight), shapes, count: 0 };
      seen.set(key, { ...entry, count: entry.count + 1 });
    }
    return run();
  });
  return {
    seen,
    record(on) {
      open = on;
    },
  };
}

const operatorId = (name) => native.lookup(`aten::${name}`, "");

/** The kernel adds up processor time in steps of up to 10 ms: what is shorter has to be repeated. */
const LONG_ENOUGH = 0.25; // processor seconds

/** Processor milliseconds of a run, on average over many, after one that warms up. */
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

/** One convolution by itself: GFLOP/s and thread of its forward pass and both backward ones. */
function replay([input, kernel, stride, padding, dilation, groups], precision) {
  return noGrad(() =>
    scope(() => {
      const random = (shape) => randn(shape).to({ dtype: precision });
      const [x, weight] = [random(input), random(kernel)];
      const options = [stride, padding, dilation, groups];
      const forward = () => [
        native.call(operatorId("conv2d"), x.handle, weight.handle, null, ...options),
      ];
      const [output] = forward();
      const outputShape = native.shape(output);
      native.dispose(output);
      const slope = random(outputShape);
      const backward = (mask) => () =>
        native.call(
          operatorId("convolution_backward"),
          ...[slope.handle, x.handle, weight.handle, null],
          ...[stride, padding, dilation, false, [0, 0], groups, mask],
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
/** A convolution that suits the machine: input, kernel, stride, padding, dilation, groups. */
const IDEAL = [[1, 512, 64, 64], [512, 512, 3, 3], ONES, ONES, ONES, 1];

/** Every distinct convolution of a step, slowest first, with the share of the roofline it reaches. */
function layers(seen, precision) {
  const rows = [...seen.values()].map((row) => ({ ...row, ...replay(row.shapes, precision) }));
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
  const { precision } = values;
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
