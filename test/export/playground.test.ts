import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Browser, Page } from "playwright-core";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { buildPages, pagesFresh } from "../../setup/pages.js";
import { cityscapes19 } from "../../src/datasets/class-sets.js";
import type { Dataset } from "../../src/datasets/dataset.js";
import { readImage } from "../../src/datasets/files/images.js";
import { makeStreets, openStreets } from "../../src/datasets/streets/streets.js";
import { addToConfusion, createConfusion, scores } from "../../src/evaluate/index.js";
import { onnxModel } from "../../src/export/index.js";
import type { ModelInfo } from "../../src/export/model-info.js";
import { openModel } from "../../src/export/open-model.js";
import { writePlayground } from "../../src/export/playground.js";
import { type Served, servePlayground } from "../../src/export/serve-playground.js";
import { deeplabV2 } from "../../src/network/index.js";
import { heInit } from "../../src/nn/index.js";
import { LAYER_COLORS } from "../../src/report/change-map.js";
import { dispose, manualSeed } from "../../src/torch/index.js";
import { accessibilityFaults } from "../axe.js";
import { CHROMIUM, launchChromium, openPage } from "../chromium.js";
import { skipUnless } from "../skip.js";

const size = { width: 160, height: 80 };
const checkout = fileURLToPath(new URL("../..", import.meta.url)).replace(/\/$/, "");

/** A network of random weights, whose predictions differ in most places. */
function model(seed: number): Uint8Array {
  manualSeed(seed);
  const classes = cityscapes19.names.length;
  const network = deeplabV2({
    ...{ backbone: "resnet18", width: 0.125, classes, head: "none", init: heInit },
  });
  const info: ModelInfo = {
    classes: cityscapes19.names.map((name, i) => ({
      name,
      color: cityscapes19.colors[i] as never,
    })),
    input: network.input,
    size,
    title: `seed ${seed}`,
  };
  try {
    return onnxModel(network, info, { outputs: "labels and entropy" });
  } finally {
    dispose(network.parameters.all);
  }
}

describe("the playground", skipUnless(CHROMIUM !== undefined, "chromium"), () => {
  let root: string;
  let served: Served;
  let browser: Browser;
  let page: Page;
  let street: Dataset;
  const models = [model(1), model(2)];
  const wrong: string[] = []; // complaints of the console and of requests
  const file = (name: string) => join(root, name);
  const status = () => page.locator("#status").textContent();
  const settled = (says: RegExp) =>
    page.waitForFunction(
      (source) => new RegExp(source).test(document.getElementById("status")?.textContent ?? ""),
      says.source,
      { timeout: 240_000 },
    );

  beforeAll(async () => {
    if (!pagesFresh(checkout)) buildPages(checkout, process.env);
    root = await mkdtemp(join(tmpdir(), "cfcontra-"));
    const streets = { domain: "target", split: "test", count: 2, size } as const;
    await makeStreets(file("streets"), streets);
    street = await openStreets(file("streets"), streets);
    for (const [i, bytes] of models.entries()) await writeFile(file(`${i}.onnx`), bytes);
    const samples = ["000000", "000001"].map((name) =>
      join(root, "streets/target/test/images", `${name}.png`),
    );
    const named = ["Before", "After"].map((name, i) => ({
      name,
      model: models[i] as Uint8Array,
    }));
    await writePlayground(file("page"), { models: named, samples });
    served = await servePlayground(file("page"), 0);
    const camera = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"];
    browser = await launchChromium(...camera);
    page = await openPage(browser, { viewport: { width: 900, height: 800 } });
    page.on("console", (message) => {
      if (["error", "warning"].includes(message.type())) wrong.push(message.text());
    });
    page.on("pageerror", (error) => wrong.push(error.message));
    page.on("request", (request) => {
      if (!/^(blob:)?http:\/\/127\.0\.0\.1:/.test(request.url())) wrong.push(request.url());
    });
    await page.goto(served.url);
    await settled(/ ms\./);
  });
  afterAll(async () => {
    await browser?.close();
    served?.close();
    await rm(root, { recursive: true, force: true });
  });

  /** The labels that "Save labels" gives, one picture for each network. */
  async function savedLabels(): Promise<Uint8Array[]> {
    const downloads: Promise<Uint8Array>[] = [];
    const both = new Promise<void>((resolve) => {
      page.on("download", function listener(download) {
        downloads.push(
          download.path().then((path) => sharp(path).extractChannel(0).raw().toBuffer()),
        );
        if (downloads.length === models.length) {
          page.off("download", listener);
          resolve();
        }
      });
    });
    await page.getByRole("button", { name: "Save labels" }).click();
    await both;
    return Promise.all(downloads);
  }

  const share = (a: Uint8Array, b: Uint8Array) => {
    expect(a.length).toBe(b.length);
    return a.filter((label, i) => label === b[i]).length / a.length;
  };

  async function inNode(i: number, path: string): Promise<Uint8Array> {
    const opened = await openModel(file(`${i}.onnx`));
    const { labels } = await opened.predict(path);
    await opened.release();
    return labels;
  }

  test("segments a street as Node does, with the same mIoU", async () => {
    const path = join(root, "streets/target/test/images/000000.png");
    const { label } = await street.load(0);
    const miou = (labels: Uint8Array) => {
      const confusion = createConfusion(cityscapes19.names.length);
      addToConfusion(confusion, label as Uint8Array, labels);
      return scores(confusion).miou;
    };
    for (const [i, labels] of (await savedLabels()).entries()) {
      const wanted = await inNode(i, path);
      expect(new Set(wanted).size).toBeGreaterThan(4);
      expect(share(labels, wanted)).toBeGreaterThanOrEqual(0.999);
      expect(miou(labels)).toBeCloseTo(miou(wanted), 3);
    }
    expect(await status()).toMatch(/^160 x 80 in \d+ ms\. WebAssembly, \d+ threads?\.$/);
  });

  test("shows the image that was asked for last", async () => {
    await page.evaluate(() => {
      (document.getElementById("status") as HTMLElement).textContent = "";
    });
    for (const sample of ["Sample 2", "Sample 1", "Sample 2"]) {
      await page.getByRole("button", { name: sample }).click();
    }
    await settled(/^160 x 80 in/);
    const [labels] = (await savedLabels()) as [Uint8Array];
    const wanted = await inNode(0, join(root, "streets/target/test/images/000001.png"));
    expect(share(labels, wanted)).toBeGreaterThanOrEqual(0.999);
  });

  test("resizes a photo nearly as Node does", async () => {
    const photo = file("photo.png");
    await sharp(join(root, "streets/target/test/images/000001.png"))
      .resize(361, 179, { fit: "fill" })
      .toFile(photo);
    await page.setInputFiles("#file", photo);
    await settled(/^361 x 179 in/);
    const [labels] = (await savedLabels()) as [Uint8Array];
    const opened = await openModel(file("0.onnx"));
    const { data, info } = await sharp(photo)
      .resize(160, 80, { fit: "fill", kernel: "cubic" })
      .raw()
      .toBuffer({ resolveWithObject: true });
    const wanted = await opened.segment({ data, width: info.width, height: info.height });
    await opened.release();
    expect(share(labels, wanted.labels)).toBeGreaterThan(0.98);
  });

  test("turns a photo and converts its colours as Node does", async () => {
    const photo = file("turned.jpg");
    await sharp(join(root, "streets/target/test/images/000001.png"))
      .resize(361, 179, { fit: "fill" })
      .rotate(270)
      .withMetadata({ orientation: 6 })
      .withIccProfile("p3")
      .jpeg({ quality: 100 })
      .toFile(photo);
    await page.setInputFiles("#file", photo);
    await settled(/^361 x 179 in/);
    const [labels] = (await savedLabels()) as [Uint8Array];
    const opened = await openModel(file("0.onnx"));
    const wanted = await opened.segment(await readImage(photo, size));
    await opened.release();
    expect(share(labels, wanted.labels)).toBeGreaterThan(0.98);
  });

  test("takes a dropped file, and reports one that it cannot read", async () => {
    const drop = (bytes: number[], type: string) =>
      page.evaluate(
        ([content, kind]) => {
          const dataTransfer = new DataTransfer();
          const file = new File([Uint8Array.from(content as number[])], "file", {
            type: kind as string,
          });
          dataTransfer.items.add(file);
          dispatchEvent(new DragEvent("drop", { dataTransfer, cancelable: true }));
        },
        [bytes, type],
      );
    await drop([1, 2, 3], "image/png");
    await settled(/^the browser cannot read this image\.$/);
    const png = await sharp({ create: { ...size, width: 200, channels: 3, background: "#567" } })
      .png()
      .toBuffer();
    await drop([...png], "image/png");
    await settled(/^200 x 80 in/);
  });

  test("works by keyboard, and describes its predictions for screen readers", async () => {
    await page.getByRole("button", { name: "Sample 1" }).press("Enter");
    await settled(/^160 x 80 in/);
    const after = page.getByRole("img", { name: /^After: / });
    expect(await after.getAttribute("aria-label")).toMatch(/^After: [a-z ]+ \d+ %, [a-z ]+ \d+ %/);
    const picture = () => after.evaluate((canvas) => (canvas as HTMLCanvasElement).toDataURL());
    const classes = await picture();
    await page.getByRole("radio", { name: "Classes" }).focus();
    await page.keyboard.press("ArrowRight");
    expect(await page.getByRole("radio", { name: "Entropy" }).isChecked()).toBe(true);
    const entropy = await picture();
    expect(entropy).not.toBe(classes);
    await page.keyboard.press("ArrowRight");
    expect(await page.getByRole("radio", { name: "Disagreement" }).isChecked()).toBe(true);
    const differs = await picture();
    await page.keyboard.press("ArrowRight");
    const image = await picture();
    expect(new Set([classes, entropy, differs, image]).size).toBe(4);
    for (let i = 0; i < 3; i++) await page.keyboard.press("ArrowLeft");
    expect(await picture()).toBe(classes);
    await page.getByRole("slider", { name: "Opacity" }).press("Home");
    expect(await picture()).toBe(image);
    await page.getByRole("slider", { name: "Opacity" }).press("End");
    const row = page.locator("tbody tr:visible").first().getByRole("button");
    await row.press("Enter");
    expect(await row.getAttribute("aria-pressed")).toBe("true");
    await row.press("Enter");
  });

  test("shows where the networks disagree, and what they see", async () => {
    const [one, two] = (await savedLabels()) as [Uint8Array, Uint8Array];
    const differing = one.filter((label, i) => label !== two[i]).length / one.length;
    expect(differing).toBeGreaterThan(0.05);
    expect(differing).toBeLessThan(1);
    const said = `The networks disagree on ${(100 * differing).toFixed(1)} % of the pixels.`;
    expect(await page.locator("#differ").textContent()).toBe(said);
    await page.getByText("Disagreement").click();
    expect(await page.locator("#differ").textContent()).toBe(`${said} The others are pale.`);
    await page.getByRole("slider", { name: "Opacity" }).press("End");
    // At full opacity each pixel of the labels is pale, or has the colour of its class.
    const colors = await page.getByRole("img", { name: /^After: / }).evaluate((element) => {
      const canvas = element as HTMLCanvasElement;
      const pen = canvas.getContext("2d") as CanvasRenderingContext2D;
      const { data, width } = pen.getImageData(0, 0, canvas.width, canvas.height);
      const at = (x: number, y: number) => [
        ...data.slice((y * width + x) * 4, (y * width + x) * 4 + 3),
      ];
      const scale = width / 160;
      return Array.from({ length: 160 * 80 }, (_, i) =>
        at(Math.floor(((i % 160) + 0.5) * scale), Math.floor((Math.floor(i / 160) + 0.5) * scale)),
      );
    });
    const wanted = [...two].map((label, i) =>
      label === one[i] ? LAYER_COLORS.right : cityscapes19.colors[label],
    );
    const equal = colors.filter((color, i) => color.join() === wanted[i]?.join()).length;
    expect(equal / wanted.length).toBeGreaterThan(0.999);
    await page.getByText("Classes", { exact: true }).first().click();
    const captions = await page.locator("figcaption").allInnerTexts();
    expect(captions.every((text) => text.includes("the network sees 160x80"))).toBe(true);
  });

  test("an error is in view wherever the page is scrolled, until an image is shown", async () => {
    await page.setViewportSize({ width: 390, height: 600 });
    await page.evaluate(() => scrollTo(0, document.documentElement.scrollHeight));
    const text = { name: "notes.txt", mimeType: "text/plain", buffer: Buffer.from("notes") };
    await page.setInputFiles("#file", text);
    await settled(/^the browser cannot read this image\.$/);
    const box = (await page.locator("#status").boundingBox()) as { y: number; height: number };
    expect(box.y).toBeGreaterThanOrEqual(0);
    expect(box.y + box.height).toBeLessThanOrEqual(600);
    await page.getByRole("button", { name: "Sample 1" }).click();
    await settled(/^160 x 80 in/);
    expect(await page.locator("#status").getAttribute("class")).toBe("");
    await page.setViewportSize({ width: 900, height: 800 });
  });

  test("the legend's shares add up to the whole image", async () => {
    const rows = await page.locator("tbody tr:visible").allInnerTexts();
    for (const column of [0, 1]) {
      const sum = rows
        .map((row) => [...row.matchAll(/([\d.]+) %|-/g)][column]?.[1] ?? "0")
        .reduce((total, number) => total + Number(number), 0);
      expect(sum).toBeGreaterThan(99);
      expect(sum).toBeLessThan(101);
    }
  });

  test("follows a camera and a video, frame by frame", async () => {
    await page.getByRole("button", { name: "Camera" }).click();
    await settled(/^[\d.]+ frames per second\. WebAssembly/);
    const camera = page.getByRole("button", { name: "Camera" });
    expect(await camera.getAttribute("aria-pressed")).toBe("true");
    await camera.click();
    expect(await camera.getAttribute("aria-pressed")).toBe("false");
    await page.evaluate(async () => {
      const canvas = document.createElement("canvas");
      [canvas.width, canvas.height] = [160, 80];
      const context = canvas.getContext("2d") as CanvasRenderingContext2D;
      const recorder = new MediaRecorder(canvas.captureStream(20), { mimeType: "video/webm" });
      const parts: Blob[] = [];
      recorder.ondataavailable = ({ data }) => parts.push(data);
      recorder.start();
      for (let i = 0; i < 30; i++) {
        context.fillStyle = `hsl(${i * 9} 60% 50%)`; // no colour twice
        context.fillRect(0, 0, 160, 80);
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      const stopped = new Promise((resolve) => {
        recorder.onstop = resolve;
      });
      recorder.stop();
      await stopped;
      (document.getElementById("status") as HTMLElement).textContent = ""; // the camera's
      const dataTransfer = new DataTransfer();
      dataTransfer.items.add(new File(parts, "clip.webm", { type: "video/webm" }));
      dispatchEvent(new DragEvent("drop", { dataTransfer, cancelable: true }));
    });
    await settled(/^[\d.]+ frames per second/);
    await page.getByRole("button", { name: "Pause" }).click();
    expect(await page.getByRole("button", { name: "Play" }).isVisible()).toBe(true);
    // The bar moves the paused video: its frames differ in their colour.
    const bar = page.getByRole("slider", { name: "Position" });
    const shown = () =>
      page
        .locator("figure canvas")
        .first()
        .evaluate((canvas) => (canvas as HTMLCanvasElement).toDataURL());
    await page.getByText("Image", { exact: true }).click();
    await bar.fill("0.1");
    await page.locator("#seek-row output", { hasText: /^0:00 of (?!0:00)/ }).waitFor();
    const early = await shown();
    const last = Number(await bar.getAttribute("max"));
    expect(last).toBeGreaterThan(0.5); // a recording of a browser states no duration
    await bar.fill(String(last * 0.8));
    await expect.poll(shown).not.toBe(early);
    expect(Number(await bar.inputValue())).toBeCloseTo(last * 0.8, 2);
    await page.getByRole("button", { name: "Sample 1" }).click();
    await settled(/^160 x 80 in/);
    expect(await bar.isVisible()).toBe(false);
  });

  test.each(["light", "dark"] as const)(
    "has names, roles, contrast and order for everybody: %s",
    async (colorScheme) => {
      await page.emulateMedia({ colorScheme });
      for (const width of [390, 1280]) {
        await page.setViewportSize({ width, height: 844 });
        expect([width, await accessibilityFaults(page)]).toEqual([width, []]);
      }
    },
  );

  test("fits narrow and wide windows", async () => {
    for (const width of [390, 900, 1440]) {
      await page.setViewportSize({ width, height: 800 });
      const wide = await page.evaluate(() => document.documentElement.scrollWidth);
      expect(wide).toBeLessThanOrEqual(width);
    }
  });

  test("has no complaints, and sends no request elsewhere", async () => {
    expect(wrong).toEqual([]);
    const html = await readFile(join(root, "page/index.html"), "utf8");
    expect(html).not.toMatch(/<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=|https?:\/\//);
    expect(html).toContain("connect-src 'self'");
  });
});
