import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import sharp from "sharp";
import { stringify } from "yaml";
import { cityscapes19 } from "../../src/datasets/class-sets.js";
import { fixtureSize, sceneImage, sceneLabel } from "../datasets/fixtures.js";

/** A run folder as a training would leave it, with curves computed by formulas. */
export interface MadeRun {
  readonly method?: string;
  readonly seed?: number;
  readonly state?: string;
  /** Steps done, of `steps`. */
  readonly step?: number;
  readonly steps?: number;
  /** Milliseconds since the last update. */
  readonly age?: number;
  readonly error?: string;
  /** Images in previews/, evaluated `evaluations` times; 0 leaves pictures and the like out. */
  readonly images?: number;
  readonly evaluations?: number;
  /** Images of the target with scores in images.jsonl; 0 leaves the file out. */
  readonly scored?: number;
  /** network.width, by which runs of one method differ. */
  readonly width?: number;
  /** Lines of notes.jsonl. */
  readonly notes?: readonly object[];
  /** Whether it has a report.html. */
  readonly report?: boolean;
}

const CLASSES = cityscapes19.names.length;

/** losses.json */
const WEIGHTS = {
  ...{ "source/main": 1, "source/aux": 0.1, "target/entropy": 0.001 },
  ...{ "target/entropyAux": 0.0002, "contrast/source": 0.05, "contrast/target": 0.05 },
};

/** The line of metrics.jsonl at a step. */
export function metricsLine(step: number, steps: number, seed = 1): string {
  const noise = (k: number) =>
    ((Math.imul(step * 31 + k * 17 + seed * 101, 2654435761) >>> 8) % 1000) / 1000 - 0.5;
  const t = step / steps;
  return JSON.stringify({
    step,
    rate: 0.03 * (1 - t) ** 0.9,
    seconds: 0.3 + 0.08 * noise(1) + (step % 170 === 0 ? 0.4 : 0),
    waiting: 0.02 + 0.01 * noise(2),
    memory: 900 + Math.round(140 * (1 - Math.exp(-8 * t)) + 10 * noise(9)),
    "source/main": 0.35 + 2.4 * Math.exp(-5 * t) * (1 + 0.25 * noise(3)) + 0.1 * noise(4),
    "source/aux": 0.5 + 2.2 * Math.exp(-4 * t) + 0.12 * noise(5),
    "target/entropy": 0.08 + 0.25 * Math.exp(-3 * t) + 0.03 * noise(6),
    "target/entropyAux": 0.12 + 0.3 * Math.exp(-3 * t) + 0.03 * noise(7),
    ...(t > 0.3 && {
      "contrast/source": 1.1 + Math.exp(-4 * (t - 0.3)) + 0.1 * noise(8),
      "contrast/target": 0.9 + 0.8 * Math.exp(-4 * (t - 0.3)) + 0.1 * noise(10),
      "pseudo/coverage": 0.5 + 0.4 * (1 - Math.exp(-4 * (t - 0.3))) + 0.03 * noise(11),
    }),
    "gradient/source/main": 0.4 + 3 * Math.exp(-4 * t) * (1 + noise(13)) + 0.1,
    "gradient/target/entropy": 0.03 + 0.05 * Math.exp(-2 * t) * (1 + noise(14)),
  });
}

/** The line of an evaluation at a step. */
export function scoresLine(step: number, steps: number, seed = 1, lift = 0): string {
  const t = step / steps;
  const entries: [string, number][] = [];
  for (const [set, top] of [
    ["target", 0.3 + lift],
    ["source", 0.42],
  ] as const) {
    const miou = top * (1 - 0.8 * Math.exp(-4 * t)) + 0.006 * Math.sin(seed * 5 + step);
    entries.push([`miou/${set}`, miou]);
    for (const [k, name] of cityscapes19.names.entries()) {
      entries.push([`iou/${set}/${name}`, Math.min(0.97, Math.max(0, miou * (2.4 - k * 0.13)))]);
    }
  }
  const names = cityscapes19.names;
  const share = (k: number) => (1 + (k % 3 === 0 ? 1 - t : t)) / (1 + k) ** 1.3;
  const whole = names.reduce((sum, _, k) => sum + share(k), 0);
  for (const [k, name] of names.entries()) {
    entries.push([`predicted/${name}`, share(k) / whole]);
    entries.push([`pseudo/target/coverage/${name}`, Math.max(0, 0.95 - 0.03 * k)]);
    entries.push([`pseudo/target/accuracy/${name}`, Math.max(0, 0.9 - 0.045 * k)]);
  }
  entries.push(
    ["pseudo/target/coverage", 0.5 + 0.3 * t],
    ["pseudo/target/accuracy", 0.8 + 0.08 * t],
  );
  return JSON.stringify({ step, memory: 1010, ...Object.fromEntries(entries) });
}

/** The lines of images.jsonl at a step. The images of a run with a `lift` are better and worse by turns. */
export function imageLines(step: number, images: number, lift = 0): string[] {
  return Array.from({ length: images }, (_, i) => {
    const score = 0.2 + (0.6 * ((i * 7919) % 101)) / 101 + lift * Math.sin(i) + step / 1e5;
    return JSON.stringify({
      ...{ step, set: "target", name: `scene ${i}` },
      iou: cityscapes19.names.map((_, k) =>
        k > 12 ? null : Math.round(1e4 * Math.min(1, Math.max(0, score + (k - 6) / 100))) / 1e4,
      ),
      ...{ accuracy: 0.8, entropy: 0.1, calibration: 0.05 },
      // sidewalk taken for road in every image, car for truck in every third
      confused: [
        ...(i % 3 === 0 ? [[13, 14, Math.round(40 * (1 + ((i * 31) % 97))) / 1e4]] : []),
        [1, 0, (1 + (i % 10)) / 1e3],
      ],
    });
  });
}

/** Writes a run folder at `path`. */
export async function makeRun(
  path: string,
  {
    method = "cfcontra",
    seed = 1,
    state = "complete",
    steps = 900,
    step = state === "complete" ? steps : Math.round(steps / 20) * 10,
    age = 0,
    error,
    images = 0,
    evaluations = 6,
    scored = 0,
    width = 0.5,
    notes = [],
    report = false,
  }: MadeRun = {},
): Promise<void> {
  const write = (name: string, content: string | Uint8Array) => {
    mkdirSync(dirname(join(path, name)), { recursive: true });
    writeFileSync(join(path, name), content);
  };
  const dataset = (domain: string, count: number) => ({
    type: "streets",
    root: "/data/streets",
    domain,
    count,
  });
  const config = {
    method,
    network: { backbone: "resnet18", width, head: "moco" },
    source: dataset("source", 400),
    target: dataset("target", 400),
    evaluate: { target: dataset("target", 100), source: dataset("source", 100) },
    train: { steps, batch: 2, rate: 0.03, seed, precision: "bfloat16" },
  };
  write("config.yaml", stringify(config));
  const updated = new Date(Date.now() - age).toISOString();
  const started = new Date(Date.now() - age - step * 310).toISOString();
  const status = {
    state,
    method,
    seed,
    step,
    steps,
    started,
    updated,
    pid: 1,
    host: "here",
    error,
  };
  write("status.json", JSON.stringify(status));
  if (report) write("report.html", "<!doctype html><title>report</title>");
  if (notes.length > 0) {
    write("notes.jsonl", notes.map((one) => `${JSON.stringify(one)}\n`).join(""));
  }
  write("classes.json", JSON.stringify({ names: cityscapes19.names, colors: cityscapes19.colors }));
  const lift = { "source-only": 0, minent: 0.02, cfcontra: 0.045 }[method] ?? 0;
  const every = Math.max(10, Math.round(steps / evaluations / 10) * 10);
  const lines: string[] = [];
  const evaluated: number[] = [];
  for (let at = 10; at <= step; at += 10) {
    lines.push(metricsLine(at, steps, seed));
    if (at % every === 0 || at === steps) {
      lines.push(scoresLine(at, steps, seed, lift));
      evaluated.push(at);
    }
  }
  write("losses.json", JSON.stringify(WEIGHTS));
  write("metrics.jsonl", lines.map((line) => `${line}\n`).join(""));
  if (images > 0) await writePictures(write, evaluated, steps, images);
  if (scored > 0) {
    const scores = evaluated.flatMap((at) => imageLines(at, scored, lift * 8));
    write("images.jsonl", scores.map((line) => `${line}\n`).join(""));
  }
  if (state === "complete") {
    const { step: _, ...scores } = JSON.parse(scoresLine(steps, steps, seed, lift));
    const result = (set: string) => ({
      accuracy: 0.8,
      miou: scores[`miou/${set}`],
      iou: cityscapes19.names.map((name) => scores[`iou/${set}/${name}`]),
    });
    const sets = { target: result("target"), source: result("source") };
    write(
      "result.json",
      JSON.stringify({
        ...{ method, seed, steps, seconds: 300, waiting: 0.02 },
        ...{ classes: cityscapes19.names, scores: sets },
      }),
    );
  }
}

type Write = (name: string, content: string | Uint8Array) => void;

async function writePictures(
  write: Write,
  evaluated: readonly number[],
  steps: number,
  images: number,
): Promise<void> {
  const { width, height } = fixtureSize;
  const png = (data: Uint8Array, channels: 1 | 3) =>
    sharp(data, { raw: { width, height, channels } }).png().toBuffer();
  const colors = (label: Uint8Array) =>
    Uint8Array.from([...label].flatMap((id) => cityscapes19.colors[id] ?? [0, 0, 0]));
  for (let i = 0; i < images; i++) {
    const folder = `previews/target/${String(i).padStart(3, "0")}`;
    const label = sceneLabel(i);
    write(`${folder}/name.txt`, `scene ${i}\n`);
    write(
      `${folder}/input.jpg`,
      await sharp(sceneImage(label, i), { raw: { width, height, channels: 3 } })
        .jpeg()
        .toBuffer(),
    );
    write(`${folder}/truth.png`, await png(colors(label), 3));
    const old = label.map((id, k) => (((k * 2246822519) >>> 8) % 100 < 30 ? 2 : id));
    write(`${folder}/baseline.txt`, "source-only-1\n");
    write(`${folder}/baseline.png`, await png(colors(old), 3));
    for (const step of evaluated) {
      const wrong = 1 - step / steps;
      const guess = label.map((id, k) => (((k * 2654435761) >>> 8) % 100 < wrong * 60 ? 2 : id));
      const entropy = label.map((id, k) => (guess[k] === id ? 30 : 200));
      const stem = `${folder}/step-${String(step).padStart(7, "0")}`;
      write(`${stem}-prediction.png`, await png(colors(guess), 3));
      write(`${stem}-entropy.png`, await png(entropy, 1));
    }
  }
  const matrix = (value: (i: number, j: number) => number | null) =>
    Array.from({ length: CLASSES }, (_, i) =>
      Array.from({ length: CLASSES }, (_, j) => value(i, j)),
    );
  const cosine = (peak: number, apart: number) => (i: number, j: number) =>
    i === 16 || j === 16 ? null : i === j ? peak : apart + 0.25 * Math.exp(-Math.abs(i - j) / 2);
  write(
    "prototypes.jsonl",
    evaluated
      .map((step) => {
        const apart = 0.5 - 0.3 * (step / steps);
        const [source, target] = [matrix(cosine(1, apart)), matrix(cosine(1, apart + 0.1))];
        const across = matrix(cosine(0.6 + 0.3 * (step / steps), apart + 0.05));
        return `${JSON.stringify({ step, source, target, across })}\n`;
      })
      .join(""),
  );
  write(
    "confusion.json",
    JSON.stringify({
      step: evaluated.at(-1),
      sets: { target: matrix((i, j) => (i === j ? 9000 : Math.round(900 / (1 + (i - j) ** 2)))) },
    }),
  );
  write("features.json", JSON.stringify({ before: points(0.6), after: points(0.1) }));
  const picture = sceneImage(sceneLabel(1), 1);
  for (const kind of ["content", "result"]) {
    const image = sharp(picture, { raw: { width, height, channels: 3 } });
    write(
      `style/000-${kind}.jpg`,
      await (kind === "result" ? image.modulate({ saturation: 0.4 }) : image).jpeg().toBuffer(),
    );
  }
}

function points(shift: number) {
  const all = {
    x: [] as number[],
    y: [] as number[],
    domain: [] as number[],
    class: [] as number[],
  };
  for (let i = 0; i < 1200; i++) {
    const [id, domain] = [i % 12, Math.floor(i / 12) % 2];
    const r = Math.sqrt(-2 * Math.log(((i * 7919) % 997) / 997 + 1e-3)) * 0.28;
    const angle = i * 2.39996;
    all.x.push(
      Math.round((2 * Math.cos(id) + domain * shift * 2 + r * Math.cos(angle)) * 1e3) / 1e3,
    );
    all.y.push(Math.round((2 * Math.sin(id) + domain * shift + r * Math.sin(angle)) * 1e3) / 1e3);
    all.domain.push(domain);
    all.class.push(id);
  }
  return all;
}
