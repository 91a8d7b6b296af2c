// Trains a tiny network for many steps and records the memory of the process after garbage collection: a
// leak of a few kilobytes per step is a rising line.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { silentListener } from "../../dist/experiment/listener.js";
import { prepare } from "../../dist/experiment/prepare.js";
import { configuration } from "../../dist/experiment/presets.js";
import { liveMemory } from "../../dist/torch/index.js";
import { trainingSteps } from "../../dist/train/index.js";
import { tinyPreset } from "./tiny-run.js";

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc");

/** @typedef {{ step: number, resident: number, tensors: number, bytes: number }} Sample resident is in KiB */

const EVERY = 50;
const WARM_UP = 0.2; // fraction of the steps, in which caches of libtorch and V8 fill

/**
 * Writes memory.csv and memory.svg into the folder, and returns the slope.
 * @param {{ folder: string, steps: number, seed: number, say?: (line: string) => void }} options
 */
export async function memory({ folder, steps, seed, say = () => {} }) {
  const preset = await tinyPreset(folder, {
    ...{ method: "cfcontra", options: {}, style: { method: "none" } },
    network: { backbone: "resnet18", width: 0.125, head: "linear", init: "he" },
    sizes: { source: [32, 32], target: [32, 32], evaluate: [32, 32] },
    train: { steps, seed },
  });
  const run = join(folder, "run");
  mkdirSync(run);
  const parts = await prepare(configuration({ preset }), run, { listener: silentListener });
  /** @type {Sample[]} */
  const samples = [];
  for await (const { step } of trainingSteps(parts.loop)) {
    if (step % EVERY !== 0) continue;
    collectGarbage();
    const { tensors, bytes } = liveMemory();
    const resident = Math.round(process.memoryUsage.rss() / 1024);
    samples.push({ step, resident, tensors, bytes });
    if (step % (20 * EVERY) === 0)
      say(`${step} of ${steps} steps: ${resident} KiB, ${tensors} tensors`);
  }
  parts.records?.status.end("stopped");
  parts.dispose();
  const steady = samples.filter(({ step }) => step > WARM_UP * steps);
  const slope = 1000 * slopeOf(steady.map(({ step, resident }) => ({ x: step, y: resident })));
  const lines = samples.map(({ step, resident, tensors }) => `${step},${resident},${tensors}`);
  writeFileSync(join(folder, "memory.csv"), ["step,resident_kib,tensors", ...lines, ""].join("\n"));
  writeFileSync(join(folder, "memory.svg"), chart(samples, slope));
  return {
    steps,
    kibPerThousandSteps: Math.round(slope),
    liveTensors: [steady.at(0)?.tensors, steady.at(-1)?.tensors],
    residentMebibytes: Math.round((steady.at(-1)?.resident ?? 0) / 1024),
  };
}

/**
 * The slope of the least-squares line.
 * @param {{ x: number, y: number }[]} points
 */
function slopeOf(points) {
  /** @param {(point: { x: number, y: number }) => number} of */
  const mean = (of) => points.reduce((sum, point) => sum + of(point), 0) / points.length;
  const [x0, y0] = [mean(({ x }) => x), mean(({ y }) => y)];
  return mean(({ x, y }) => (x - x0) * (y - y0)) / mean(({ x }) => (x - x0) ** 2);
}

const [WIDTH, HEIGHT, LEFT, TOP, BOTTOM] = [720, 320, 64, 64, 40];

/** @param {Sample[]} samples @param {number} slope */
function chart(samples, slope) {
  const last = samples.at(-1)?.step ?? 0;
  const highest = Math.max(...samples.map(({ resident }) => resident)) / 1024;
  const apart =
    [10, 25, 50, 100, 250, 500, 1000].find((mebibytes) => highest / mebibytes <= 5) ?? 5000;
  const lines = Array.from({ length: Math.ceil(highest / apart) + 1 }, (_, i) => i * apart);
  const most = (lines.at(-1) ?? 0) * 1024;
  /** @param {number} step */
  const x = (step) => LEFT + ((WIDTH - LEFT - 24) * step) / last;
  /** @param {number} kib */
  const y = (kib) => HEIGHT - BOTTOM - ((HEIGHT - TOP - BOTTOM) * kib) / most;
  const course = samples.map(
    ({ step, resident }) => `${x(step).toFixed(1)},${y(resident).toFixed(1)}`,
  );
  const ticks = [0, 0.25, 0.5, 0.75, 1];
  const title = `Resident memory over ${last.toLocaleString("en")} steps`;
  const across = lines.map((mebibytes) => {
    const at = y(mebibytes * 1024).toFixed(1);
    return (
      `<line x1="${LEFT}" x2="${WIDTH - 24}" y1="${at}" y2="${at}" stroke="#d8dee4"/>` +
      `<text x="${LEFT - 8}" y="${at}" dy="4" text-anchor="end">${mebibytes}</text>`
    );
  });
  const below = ticks.map(
    (share) =>
      `<text x="${x(last * share)}" y="${HEIGHT - 16}" text-anchor="middle">${Math.round(last * share).toLocaleString("en")}</text>`,
  );
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" ` +
    `font-size="12" fill="#57606a" role="img" aria-label="${title}"><title>${title}</title>` +
    `<rect width="100%" height="100%" fill="white"/>` +
    `<text x="24" y="28" font-size="16" font-weight="600" fill="#24292f">${title}</text>` +
    `<text x="24" y="48">MiB; ${slope.toFixed(0).replace("-", "\u2212")} KiB per 1000 steps after the first ${WARM_UP * 100} %</text>` +
    `${across.join("")}${below.join("")}` +
    `<polyline points="${course.join(" ")}" fill="none" stroke="#2f6fdb" stroke-width="2"/></svg>\n`
  );
}
