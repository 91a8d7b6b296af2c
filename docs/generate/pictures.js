// The pictures of the README and of the docs pages, from runs of the built-in data:
//
//     npx cfcontra demo
//     node docs/generate/pictures.js runs/demo
//
// Needs Chromium. The pages are drawn from the run folders; the rows of docs/hero.webp are the three of the demo's
// picture whose pixels gain most from CFContra.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { chromium } from "playwright-core";
import sharp from "sharp";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const CLI = join(ROOT, "bin", "cfcontra.js");
const WIDTH = 1200;
const HERO = { columns: 7, rows: 3, header: 28, cell: 160 };
const QUALITY = 70;

const [runs = "runs/demo", ...only] = process.argv.slice(2);
const target = join(runs, "cfcontra");
/** @param {string} name */
const wanted = (name) => only.length === 0 || only.includes(name);
/** @param {string} name */
const file = (name) => join(ROOT, "docs", `${name}.webp`);

const predictions = join(runs, "predictions.png");
if (wanted("hero") && existsSync(predictions)) await hero(predictions);
const pages = ["dashboard", "comparison", "report", "playground"].filter(wanted);
if (pages.length > 0) await photograph(pages);

/**
 * Image, truth, the predictions of the first and the last method, and the change, of the rows that gain most pixels.
 * @param {string} path of the demo's picture: seven columns between a header and a legend
 */
async function hero(path) {
  const { data, info } = await sharp(path)
    .removeAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  const scale = info.width / (HERO.columns * 2 * HERO.cell);
  const [width, height] = [info.width / HERO.columns, HERO.cell * scale];
  const top = Math.round(HERO.header * scale);
  const count = Math.floor((info.height - top) / height); // above the legend
  /**
   * The share of a row's pixels at which two columns are equal.
   * @param {number} row @param {number} a @param {number} b
   */
  const equal = (row, a, b) => {
    let same = 0;
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const at = (/** @type {number} */ column) =>
          ((top + row * height + y) * info.width + column * width + x) * 3;
        const [p, q] = [at(a), at(b)];
        if ([0, 1, 2].every((k) => data[p + k] === data[q + k])) same++;
      }
    }
    return same / (width * height);
  };
  const gains = Array.from({ length: count }, (_, row) => equal(row, 1, 4) - equal(row, 1, 2));
  const rows = gains
    .map((gain, row) => ({ gain, row }))
    .sort((a, b) => b.gain - a.gain)
    .slice(0, HERO.rows)
    .map(({ row }) => row)
    .sort((a, b) => a - b);
  console.log(
    `rows ${rows.join(", ")} of ${count}; gains ${gains.map((g) => (g * 100).toFixed(1)).join(", ")} %`,
  );
  const shown = [0, 1, 2, 4, 6];
  const parts = [
    ...shown.map((column, i) => ({ column, i, from: 0, high: top, to: 0 })),
    ...rows.flatMap((row, j) =>
      shown.map((column, i) => {
        return { column, i, from: top + row * height, high: height, to: top + j * height };
      }),
    ),
  ];
  const source = sharp(path);
  const composed = await Promise.all(
    parts.map(async ({ column, i, from, high, to }) => ({
      input: await source
        .clone()
        .extract({ left: column * width, top: Math.round(from), width, height: Math.round(high) })
        .png()
        .toBuffer(),
      left: i * width,
      top: Math.round(to),
    })),
  );
  const size = { width: shown.length * width, height: top + rows.length * height };
  const sheet = await sharp({ create: { ...size, channels: 3, background: "white" } })
    .composite(composed)
    .png()
    .toBuffer();
  await sharp(sheet).resize({ width: WIDTH }).webp({ quality: 85 }).toFile(file("hero"));
}

/**
 * Serves something with the command line until `use` has ended.
 * @param {string[]} args
 * @param {(address: string) => Promise<void>} use
 */
async function serving(args, use) {
  const child = spawn(process.execPath, [CLI, ...args], { stdio: ["ignore", "pipe", "inherit"] });
  try {
    const address = await new Promise((resolve, reject) => {
      let text = "";
      child.stdout.on("data", (piece) => {
        text += piece;
        const found = /http:\/\/[^\s]+/.exec(text)?.[0];
        if (found) resolve(found);
      });
      child.once("exit", (code) => reject(new Error(`cfcontra ${args[0]} ended with ${code}`)));
    });
    await use(address);
  } finally {
    child.kill("SIGINT");
  }
}

/** @param {string[]} names */
async function photograph(names) {
  const browser = await chromium.launch({
    executablePath: "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu"],
  });
  const viewport = { width: 1280, height: 800 };
  const page = await browser.newPage({ viewport, colorScheme: "light" });
  page.setDefaultTimeout(180_000);
  /** @param {string} name @param {number} [height] */
  const save = async (name, height = viewport.height) => {
    const clip = { x: 0, y: 0, width: viewport.width, height };
    const picture = await page.screenshot({ clip, fullPage: true });
    await sharp(picture).resize({ width: WIDTH }).webp({ quality: QUALITY }).toFile(file(name));
    console.log(file(name));
  };
  const others = ["pretrained", "source-only", "minent", "cfcontra"].filter((name) =>
    existsSync(join(runs, name, "config.yaml")),
  );
  if (names.includes("dashboard") || names.includes("comparison")) {
    await serving(["dashboard", runs, "--port", "0"], async (address) => {
      await page.goto(`${address}?run=cfcontra&smooth=0.8`);
      await page.locator(".chart canvas").first().waitFor();
      await page.waitForTimeout(1500);
      if (names.includes("dashboard")) await save("dashboard", 820);
      if (!names.includes("comparison")) return;
      await page.goto(`${address}?${others.map((name) => `run=${name}`).join("&")}&classes=gain`);
      await page.locator(".class-row").first().waitFor();
      await page.waitForTimeout(1500);
      await save("comparison", 900);
    });
  }
  if (names.includes("report")) {
    await page.goto(pathToFileURL(join(target, "report.html")).href);
    await save("report", 1000);
  }
  if (names.includes("playground")) {
    const pair = [
      join(runs, others.includes("source-only") ? "source-only" : "pretrained"),
      target,
    ];
    const out = join(runs, "playground");
    await serving(
      ["playground", ...pair, "--out", out, "--serve", "--port", "0"],
      async (address) => {
        await page.goto(address);
        await page.locator("#legend td b, #legend button").first().waitFor();
        await page.waitForTimeout(3000);
        await save("playground");
      },
    );
  }
  await browser.close();
}
