// The kinds of files that may be damaged: good files of each, and their readers.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { encode } from "fast-png";
import sharp from "sharp";
import { dashboardApp } from "../../dist/dashboard/app.js";
import { readImage } from "../../dist/datasets/files/images.js";
import { readLabel } from "../../dist/datasets/files/labels.js";
import { configuration, runConfig } from "../../dist/experiment/presets.js";
import { compareRuns } from "../../dist/report/comparison.js";
import { comparisonPage } from "../../dist/report/page/comparison-page.js";
import { runPage } from "../../dist/report/page/run-page.js";
import { readRun } from "../../dist/report/run-files.js";
import { arange, dispose, readTensors, scope, writeSafetensors } from "../../dist/torch/index.js";
import { readCheckpoint } from "../../dist/train/index.js";
import { tinyConfig } from "./tiny-run.js";

/** @param {string} name */
const here = (name) => fileURLToPath(new URL(name, import.meta.url));
const size = { width: 24, height: 16 };

/** @param {string} path */
function tensors(path) {
  const { tensors } = readTensors(path);
  for (const tensor of tensors.values()) tensor.numbers();
  dispose(tensors);
}

/** @param {string} folder @param {Record<string, string>} metadata */
function safetensors(folder, metadata) {
  const path = join(folder, "good.safetensors");
  scope(() =>
    writeSafetensors(
      path,
      new Map([
        ["network/weight", arange(12).reshape(3, 4)],
        ["random", arange(8).to({ dtype: "uint8" })],
        ["half", arange(4).to({ dtype: "bfloat16" })],
      ]),
      metadata,
    ),
  );
  const bytes = readFileSync(path);
  rmSync(path);
  return bytes;
}

/**
 * Removes the checksum, which would detect almost all damage before the reader.
 * @param {Buffer} bytes
 */
function withoutChecksum(bytes) {
  const length = Number(bytes.readBigUInt64LE());
  const header = JSON.parse(bytes.toString("utf8", 8, 8 + length));
  delete header.__metadata__.sha256;
  const text = Buffer.from(JSON.stringify(header));
  const prefix = Buffer.alloc(8);
  prefix.writeBigUInt64LE(BigInt(text.length));
  return Buffer.concat([prefix, text, bytes.subarray(8 + length)]);
}

/** @param {number} channels */
const pixels = (channels) =>
  Uint8Array.from({ length: size.width * size.height * channels }, (_, i) => (i * 7) % 251);
const picture = () => sharp(pixels(3), { raw: { ...size, channels: 3 } });

const ids = pixels(1).map((value) => value % 19);
const palette = Array.from({ length: 19 }, (_, id) => [id, 255 - id, (id * 40) & 255]);

/** The text files of a small run. */
function runFiles() {
  const names = ["road", "car"];
  const cosines = [
    [1, 0.3],
    [0.3, null],
  ];
  const points = { x: [0, 1], y: [1, 0], domain: [0, 1], class: [0, 1] };
  const scores = { target: { iou: [0.5, null], miou: 0.5, accuracy: 0.7 } };
  const line = { step: 10, rate: 0.01, "source/main": 0.5, seconds: 0.1, waiting: 0, memory: 300 };
  /** @param {object} value */
  const json = (value) => `${JSON.stringify(value, null, 2)}\n`;
  const common = { method: "cfcontra", seed: 1, steps: 20 };
  return {
    "config.yaml": tinyConfig("data", { train: { steps: 20 } }),
    "status.json": json({
      ...{ state: "running", ...common, step: 10, pid: 1, host: "a" },
      ...{ started: "2026-01-01T10:00:00.000Z", updated: "2026-01-01T10:01:00.000Z" },
    }),
    "metrics.jsonl": [line, { ...line, step: 20 }, { step: 20, "miou/target": 0.5 }]
      .map((entry) => `${JSON.stringify(entry)}\n`)
      .join(""),
    "prototypes.jsonl": `${JSON.stringify({ step: 10, source: cosines, target: cosines, across: cosines })}\n`,
    "classes.json": json({ names, colors: [[1, 2, 3], [4, 5, 6]] }), // biome-ignore format: a table
    "confusion.json": json({ step: 20, sets: { target: [[5, 1], [2, 3]] } }), // biome-ignore format: a table
    "features.json": json({ before: points, after: points }),
    "result.json": json({
      ...common,
      seconds: 2,
      waiting: 0,
      classes: names,
      scores,
      complete: true,
    }),
    "environment.json": json({
      command: "cfcontra train",
      node: "20",
      libtorch: "1.13",
      threads: 1,
      ...{ memoryGiB: 4, platform: "linux x64", processor: "any", device: "cpu", host: "a" },
    }),
  };
}

const QUESTIONS = [
  ...["run", "prototypes", "features", "confusion"].map((name) => `/api/${name}?run=run`),
  "/api/series?run=run&key=source/main",
];

/** @typedef {Record<string, string | Uint8Array>} Files whole files by name */

/**
 * By kind: `good(folder)` returns intact files by name; `read(folder, name)` reads the damaged one, with the
 * others in the same folder.
 * @type {Record<string, { good: (folder: string) => Promise<Files>, read: (folder: string, name: string) => unknown }>}
 */
export const kinds = {
  safetensors: {
    good: async (folder) => {
      const checked = safetensors(folder, {
        format: "cfcontra-2",
        step: "3",
        method: "minent",
        classes: '["road"]',
      });
      return { "a.safetensors": checked, "b.safetensors": withoutChecksum(checked) };
    },
    read: (folder, name) => tensors(join(folder, name)),
  },
  pth: {
    good: async () => ({
      "zip.pth": readFileSync(here("corpus/nested-zip.pth")),
      "legacy.pth": readFileSync(here("corpus/nested-legacy.pth")),
    }),
    read: (folder, name) => tensors(join(folder, name)),
  },
  images: {
    good: async () => ({
      "a.png": await picture().png().toBuffer(),
      "b.jpg": await picture().jpeg().toBuffer(),
      "c.png": await picture().png({ palette: true }).toBuffer(),
    }),
    read: async (folder, name) => readImage(join(folder, name), size),
  },
  labels: {
    good: async () => ({
      "grey.png": encode({ ...size, channels: 1, depth: 8, data: ids }),
      "palette.png": encode({ ...size, channels: 1, depth: 8, data: ids, palette }),
      "rgb16.png": encode({ ...size, channels: 3, depth: 16, data: Uint16Array.from(pixels(3)) }),
      "bits.png": await picture().greyscale().png({ palette: true, colours: 4 }).toBuffer(),
      "interlaced.png": await picture()
        .png({ palette: true, colours: 4, progressive: true })
        .toBuffer(),
      // Damage to what is skipped may do no harm.
      "described.png": await picture()
        .greyscale()
        .withExif({ IFD0: { ImageDescription: "a label ".repeat(100) } })
        .png({ palette: true, colours: 4 })
        .toBuffer(),
    }),
    read: async (folder, name) =>
      readLabel(join(folder, name), name === "rgb16.png" ? "id" : "color"),
  },
  presets: {
    good: async () => ({
      "tiny.yaml": tinyConfig("data"),
      "streets.yaml": readFileSync(here("../../presets/streets.yaml")),
    }),
    read: (folder, name) => configuration({ preset: join(folder, name) }),
  },
  runs: {
    good: async (folder) => {
      mkdirSync(join(folder, "run", "checkpoints"), { recursive: true });
      const checkpoint = safetensors(folder, {
        format: "cfcontra-1",
        step: "3",
        method: "minent",
        classes: '["road"]',
        network: "{}",
      });
      const all = {
        ...runFiles(),
        "checkpoints/step-0000003.safetensors": withoutChecksum(checkpoint),
      };
      for (const [name, bytes] of Object.entries(all))
        writeFileSync(join(folder, "run", name), bytes);
      return Object.fromEntries(Object.entries(all).map(([name, bytes]) => [`run/${name}`, bytes]));
    },
    read: readWholeRun,
  },
};

/**
 * Reads a run folder with all its readers, even if one refuses it.
 * @param {string} folder
 * @param {string} name
 */
async function readWholeRun(folder, name) {
  const run = join(folder, "run");
  /** @type {Error[]} */
  const refusals = [];
  for (const reader of [
    () => runConfig(run), // resume, evaluate, predict, export
    () => name.endsWith(".safetensors") && dispose(readCheckpoint(join(folder, name)).tensors),
    async () => runPage(readRun(run)),
    async () => comparisonPage(compareRuns([readRun(run)])),
    async () => {
      const app = dashboardApp({ runs: folder, pages: folder });
      for (const path of QUESTIONS) {
        const { status } = await app.request(path, { headers: { host: "localhost" } });
        if (status >= 500) throw new TypeError(`the dashboard responds to ${path} with ${status}`);
      }
    },
  ]) {
    try {
      await reader();
    } catch (error) {
      refusals.push(/** @type {Error} */ (error));
    }
  }
  const worst = refusals.find(({ name }) => name !== "UserError") ?? refusals[0];
  if (worst) throw worst;
}
