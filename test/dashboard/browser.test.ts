import { type ChildProcess, spawn } from "node:child_process";
import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { accessibilityFaults } from "../axe.js";
import { CHROMIUM, launchChromium } from "../chromium.js";
import { BIN, preset, tiny } from "../cli/cli.js";
import { makeDomains } from "../datasets/fixtures.js";
import { skipUnless } from "../skip.js";
import { makeRun, metricsLine, scoresLine } from "./runs.js";

const GRID = [0, 1, 2, 3, 4, 5, 6, 7, 8]; // one group more than there are colours
const NOTES = [
  { step: 0, level: "note", text: "weights from pretrained" },
  { step: 120, level: "warning", text: "all pseudo-labels are of class sky" },
];

describe("the dashboard", skipUnless(CHROMIUM !== undefined, "chromium"), () => {
  let root: string;
  let runs: string;
  let server: { child: ChildProcess; address: string };
  let browser: Browser;
  let training: ChildProcess | undefined;
  let page: Page;
  let wrong: string[] = []; // complaints of the console, of scripts and of requests

  /** `cfcontra dashboard` in a process of its own, without a libtorch that it could load. */
  async function start(port = 0): Promise<{ child: ChildProcess; address: string }> {
    const args = [BIN, "dashboard", runs, "--port", String(port)];
    const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
    const address = await new Promise<string>((resolve, reject) => {
      let text = "";
      child.stdout?.on("data", (piece) => {
        text += piece;
        const found = / is at (\S+) /.exec(text)?.[1];
        if (found) resolve(found);
      });
      child.once("exit", (code) => reject(new Error(`the dashboard ended with ${code}`)));
    });
    return { child, address };
  }
  async function stop(child: ChildProcess): Promise<void> {
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGINT");
    await ended;
  }
  const open = (query: string) => page.goto(`${server.address}${query}`);
  /** Whether the left and the right edge of a tab are on the screen. */
  const edges = (on: Page, title: string): Promise<boolean[]> =>
    on.getByRole("tab", { name: title }).evaluate((tab) => {
      const { left, right } = tab.getBoundingClientRect();
      return [left >= 0, right <= innerWidth];
    });
  const connection = (words: RegExp) =>
    page.locator(".connection").filter({ hasText: words }).waitFor();

  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), "cfcontra-"));
    runs = join(root, "runs");
    await makeRun(join(runs, "demo/minent-1"), { method: "minent", images: 2 });
    await makeRun(join(runs, "demo/source-only-1"), { method: "source-only", scored: 100 });
    const own = { images: 2, notes: NOTES, report: true, scored: 100 };
    await makeRun(join(runs, "demo/cfcontra-1"), own);
    await makeRun(join(runs, "demo/cfcontra-2"), { seed: 2 });
    for (const k of GRID) await makeRun(join(runs, `grid/${k}`), { width: (k + 1) / 8 });
    await makeRun(join(runs, "failed"), {
      state: "failed",
      error: "<b>the loss</b> is not finite",
    });
    server = await start();
    browser = await launchChromium();
    page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
    page.setDefaultTimeout(240_000);
    page.on("console", (message) => {
      if (["error", "warning"].includes(message.type())) wrong.push(message.text());
    });
    page.on("pageerror", (error) => wrong.push(error.message));
    page.on("request", (request) => {
      if (!request.url().startsWith(server.address)) wrong.push(request.url());
    });
  });
  beforeEach(() => {
    wrong = [];
  });
  afterAll(async () => {
    training?.kill("SIGKILL");
    await browser?.close();
    if (server) await stop(server.child);
    await rm(root, { recursive: true, force: true });
  });

  test("follows a training from its first step to its scores and pictures", async () => {
    await makeDomains(root, 4, 3);
    const config = await preset(root, tiny(root, { method: "minent" }));
    await open("");
    await page.getByRole("link", { name: "failed" }).waitFor();
    const set = ["--set", "train.checkpointEvery=1000", "--set", "train.evaluateEvery=60"];
    const args = [
      BIN,
      "train",
      "--preset",
      config,
      "--steps",
      "480",
      "--out",
      join(runs, "trained"),
      ...set,
    ];
    const child = spawn(process.execPath, args, { stdio: ["ignore", "ignore", "inherit"] });
    training = child;
    const ended = new Promise((resolve) => child.once("exit", resolve));
    // The training waits for the page: a slow browser sees it before its end, too.
    const metrics = join(runs, "trained", "metrics.jsonl");
    const hasLoss = () =>
      existsSync(metrics) && readFileSync(metrics, "utf8").includes("source/main"); // after the scores of step 0
    while (!hasLoss() && child.exitCode === null) await setTimeout(5);
    child.kill("SIGSTOP");
    await page.getByRole("link", { name: "trained" }).click(); // the row appears by itself
    const head = page.locator(".run-head");
    await head.getByText(/^\d+ of 480$/).waitFor();
    const values = new Set<string | null>();
    const loss = page
      .locator(".chart", { has: page.getByRole("heading", { name: "Source loss" }) })
      .locator(".legend-value")
      .first();
    await loss.waitFor();
    values.add(await loss.textContent());
    child.kill("SIGCONT");
    while (!(await head.locator(".state-complete").isVisible())) {
      values.add(await loss.textContent());
      await page.waitForTimeout(150);
    }
    values.add(await loss.textContent());
    expect(await ended).toBe(0);
    expect(values.size).toBeGreaterThan(1); // it moved while we looked
    await head.getByText("480 of 480").waitFor();
    await head.getByText("mIoU camvid").waitFor();
    await page.getByRole("tab", { name: "Images" }).click();
    await page.getByText("step 480", { exact: true }).waitFor();
    await page.waitForFunction(() => {
      const sides = [...document.querySelectorAll<HTMLCanvasElement>(".stage canvas")];
      return sides.length === 2 && sides.every((one) => one.width === 64 && !one.hidden);
    });
    expect(wrong).toEqual([]);
  });

  test("a page that was opened before its run began shows the run when it begins", async () => {
    await open("?run=coming");
    await page.getByRole("heading", { name: "This page cannot be shown" }).waitFor();
    await makeRun(join(runs, "coming"), { state: "running", step: 100, images: 0 });
    await page.getByText("100 of 900").waitFor();
    wrong = wrong.filter((text) => !/404/.test(text)); // the browser notes the first answer
    expect(wrong).toEqual([]);
  });

  test("survives a restart of the server, and shows what was written in between", async () => {
    await makeRun(join(runs, "lasting"), { state: "running", step: 300, images: 0 });
    await open("?run=lasting");
    await page.getByText("300 of 900").waitFor();
    await connection(/^live$/);
    const port = Number(new URL(server.address).port);
    await stop(server.child);
    await connection(/trying again/);
    appendFileSync(join(runs, "lasting/metrics.jsonl"), `${metricsLine(310, 900)}\n`);
    server = await start(port);
    await connection(/^live$/);
    await page.getByText("310 of 900").waitFor();
    const losses = page.getByRole("img", { name: /^Source loss\./ });
    await expect
      .poll(() => losses.getAttribute("aria-label"), { timeout: 240_000 })
      .toMatch(/at step 310/);
    // The browser notes each of its own attempts to reconnect.
    wrong = wrong.filter(
      (text) =>
        !/404|ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED|ERR_EMPTY_RESPONSE|ERR_CONNECTION_RESET/.test(
          text,
        ),
    );
    expect(wrong).toEqual([]);
  });

  test("a view is in its address, and the keyboard reaches everything", async () => {
    await open(
      "?run=demo/cfcontra-1&tab=images&image=target/001&step=450&left=truth&right=entropy&at=30",
    );
    await page.getByText("step 450").waitFor();
    expect(await page.locator(".swipe .tag").allTextContents()).toEqual(["truth", "entropy"]);
    await page.getByRole("heading", { name: "target: scene 1" }).waitFor();
    const handle = page.getByLabel("Line between truth and entropy");
    expect(await handle.inputValue()).toBe("30");
    await handle.focus();
    await page.keyboard.press("ArrowRight");
    await page.getByLabel("Training", { exact: true }).focus();
    await page.keyboard.press("ArrowLeft");
    await page.getByText("step 300").waitFor();
    await page.reload();
    await page.getByText("step 300").waitFor();
    expect(await handle.inputValue()).toBe("31");

    await page.getByRole("tab", { name: "Images" }).focus();
    await page.keyboard.press("ArrowLeft");
    expect(await page.getByRole("tab", { name: "Curves" }).getAttribute("aria-selected")).toBe(
      "true",
    );
    const plot = page.getByRole("img", { name: /^mIoU\. target: / });
    await plot.focus();
    await page.keyboard.press("ArrowLeft");
    await page.getByText(/^Step \d+: target \d/).waitFor({ state: "attached" });

    await page.keyboard.press("u");
    await page.getByRole("link", { name: "failed" }).waitFor();
    await page.keyboard.press("/");
    await page.keyboard.type("demo cf");
    await page.getByText("2 of ").waitFor();
    await page.getByRole("button", { name: "Choose all shown" }).click();
    await page.getByRole("button", { name: "Compare 2" }).click();
    await page
      .getByRole("cell", { name: /^\d+\.\d ± \d+\.\d$/ })
      .first()
      .waitFor();
    await page.goBack();
    await page.getByText("2 of ").waitFor();
    expect(await page.getByLabel("Filter").inputValue()).toBe("demo cf");
    expect(wrong).toEqual([]);
  });

  test("images are sorted by their change, shown as changes, zoomed and read", async () => {
    await page.setViewportSize({ width: 1280, height: 900 });
    await open("?run=demo/cfcontra-1&tab=images&left=error&right=change&at=0");
    await page.getByText(/^\d+ of 100 better, \d+ worse$/).waitFor();
    await page
      .locator(".captions")
      .filter({ hasText: /change against source-only-1: fixed \d+\.\d %, broke \d+\.\d %/ })
      .waitFor();
    await page.getByRole("heading", { name: "target: scene 0" }).waitFor();
    await page.keyboard.press("]");
    await page.getByRole("heading", { name: "target: scene 1" }).waitFor();
    await page.keyboard.press("[");
    await page.getByRole("heading", { name: "target: scene 0" }).waitFor();

    const canvases = page.locator(".stage canvas");
    const scales = () =>
      canvases.evaluateAll((all) =>
        all.map((one) => new DOMMatrix(getComputedStyle(one).transform).a),
      );
    await page.keyboard.press("+");
    await page.getByRole("button", { name: "Zoom in" }).click();
    expect(await scales()).toEqual([2.25, 2.25]); // both sides
    await page.getByText("225 %").waitFor();
    const box = (await page.locator(".stage").boundingBox()) as { x: number; y: number };
    const transform = () => canvases.first().evaluate((one) => one.style.transform);
    const before = await transform();
    await page.mouse.move(box.x + 300, box.y + 200);
    await page.mouse.down();
    await page.mouse.move(box.x + 200, box.y + 150);
    await page.mouse.up();
    expect(await transform()).not.toBe(before);
    await page
      .locator(".readout")
      .filter({ hasText: /^truth: \w+.* · prediction: \w+/ })
      .waitFor();
    await page.keyboard.press("0");
    expect(await scales()).toEqual([1, 1]);

    await page.getByLabel("Sort by").selectOption("loss");
    await page.getByText(/^24 of \d+ shown$/).waitFor();
    const losses = await page.locator(".cell-scores .loss").allTextContents();
    expect(losses).toHaveLength(24);
    const values = losses.map((text) => Number(text.replace("−", "-")));
    expect(values).toEqual([...values].sort((a, b) => a - b));
    await page.getByRole("button", { name: "Show more" }).click();
    await expect.poll(() => page.locator(".cell").count()).toBeGreaterThan(24);
    await page.reload();
    expect(await page.getByLabel("Sort by").inputValue()).toBe("loss");
    await page.getByLabel("Sort by").selectOption("class:5");
    await page.getByText("24 of 100 shown").waitFor();
    expect(wrong).toEqual([]);
  });

  test("a side shows another run, or says that it keeps no picture of the image", async () => {
    await open("?run=demo/cfcontra-1&tab=images&right=prediction&rightRun=demo/minent-1");
    await page.locator(".stage .tag-right", { hasText: "prediction, demo/minent-1" }).waitFor();
    await page.waitForFunction(
      () => [...document.querySelectorAll<HTMLCanvasElement>(".stage canvas")][1]?.width === 64,
    );
    await page.getByLabel("Right: run").selectOption("demo/cfcontra-2");
    await page.getByText("demo/cfcontra-2 keeps no picture of this image.").waitFor();
    // A run of an earlier version opens, and says what it lacks.
    await open("?run=demo/minent-1&tab=images");
    await page.getByText("cfcontra evaluate demo/minent-1 writes them.").waitFor();
    expect(await page.locator(".cell img").count()).toBe(2);
    expect(wrong).toEqual([]);
  });

  test("a run shows its notes, and the baseline that it is measured against", async () => {
    await page.setViewportSize({ width: 1280, height: 900 });
    await open("?run=demo/cfcontra-1");
    await page.getByText("warning, step 120 all pseudo-labels are of class sky").waitFor();
    const miou = page.locator(".chart", { has: page.getByRole("heading", { name: "mIoU" }) });
    await miou.getByText("Dashed: the last snapshot of demo/source-only-1").waitFor();
    await miou.getByRole("button", { name: "target, source-only" }).waitFor();
    expect(wrong).toEqual([]);
  });

  test("of nine groups eight are drawn, until others are chosen", async () => {
    await open(`?${GRID.map((k) => `run=grid/${k}`).join("&")}`);
    await page.getByText("8 of 9 groups are drawn").waitFor();
    const legend = page.locator(".chart").first().locator(".legend li");
    await expect.poll(() => legend.count()).toBe(8);
    const boxes = page.getByRole("list", { name: "Groups to draw" }).getByRole("checkbox");
    expect(await boxes.nth(8).isDisabled()).toBe(true);
    await boxes.nth(0).uncheck();
    await page.getByText("7 of 9 groups are drawn").waitFor();
    await boxes.nth(8).check();
    await expect
      .poll(() => legend.allInnerTexts().then((all) => all.join()))
      .toMatch(/width 1\.125/);
    expect(await legend.allInnerTexts().then((all) => all.join())).not.toMatch(/width 0\.125/);
    const colors = await legend
      .locator(".swatch")
      .evaluateAll((all) => all.map((one) => getComputedStyle(one).color));
    expect(new Set(colors).size).toBe(8);
    await page.reload();
    await expect
      .poll(() => legend.allInnerTexts().then((all) => all.join()))
      .toMatch(/width 1\.125/);
    expect(wrong).toEqual([]);
  });

  test("the list has gains, groups, chosen columns and the report's link", async () => {
    await open("");
    const row = page.getByRole("row", { name: /demo\/cfcontra-1/ });
    await row.getByText("+4.4").waitFor();
    await row.getByText("to source-only").waitFor();
    expect(await row.getByRole("link", { name: /^Report of/ }).getAttribute("href")).toBe(
      "report?run=demo%2Fcfcontra-1",
    );
    await page.getByLabel("Group by").selectOption("method");
    await page.getByRole("rowheader", { name: /^method minent: \d+ runs?$/ }).waitFor();
    await page.getByText("Columns", { exact: true }).click();
    await page.getByLabel("network.width", { exact: true }).check();
    await page.getByLabel("Loss", { exact: true }).uncheck();
    await page.getByRole("columnheader", { name: "network.width" }).waitFor();
    expect(await page.getByRole("columnheader", { name: "Loss" }).count()).toBe(0);
    await page.reload();
    await row.getByRole("cell", { name: "0.5", exact: true }).waitFor();
    await page.getByRole("rowheader", { name: /^method minent: \d+ runs?$/ }).waitFor();
    await page.getByLabel("Group by").selectOption("network.width");
    await page.getByRole("rowheader", { name: /^network\.width 0\.125: \d+ runs?$/ }).waitFor();
    expect(wrong).toEqual([]);
  });

  test("a chart has a readout, an enlarged form, other axes, and files", async () => {
    await open("?run=demo/cfcontra-1&smooth=0.9");
    const loss = page.locator(".chart", {
      has: page.getByRole("heading", { name: "Source loss" }),
    });
    const plot = loss.locator(".plot");
    await plot.locator("canvas").waitFor();
    const { width = 0, height: low = 0 } = (await plot.boundingBox()) ?? {};
    await plot.hover({ position: { x: width / 2, y: 60 } });
    const readout = loss.locator(".readout-box");
    await readout.getByText(/^step \d+$/).waitFor();
    expect(await readout.textContent()).toMatch(/source\/main0\.\d+/);
    await loss.getByRole("button", { name: "Enlarge" }).click();
    await expect.poll(async () => (await plot.boundingBox())?.height ?? 0).toBeGreaterThan(low * 2);
    await page.getByLabel("Axis").selectOption("time");
    await page.getByLabel("Log scale").check();
    // The axis of time arrives later, and a chart that is drawn again hides its readout.
    let x = width / 2;
    await expect
      .poll(async () => {
        await plot.hover({ position: { x: x++, y: 60 } });
        return readout.textContent();
      })
      .toMatch(/^step \d+, \d+ (s|min)/);
    for (const [kind, start] of [
      ["CSV", "step,source/main"],
      ["SVG", "<svg xmlns"],
      ["PNG", "\u{89}PNG"],
    ] as const) {
      await loss.getByRole("button", { name: "Save Source loss" }).click();
      const [saved] = await Promise.all([
        page.waitForEvent("download"),
        loss.getByRole("button", { name: kind, exact: true }).click(),
      ]);
      expect(saved.suggestedFilename()).toBe(`source-loss.${kind.toLowerCase()}`);
      expect(readFileSync(await saved.path(), "latin1").slice(0, start.length)).toBe(start);
    }
    expect(wrong).toEqual([]);
  });

  test("a comparison says what differs, sorts classes by gain, and saves its tables", async () => {
    await open("?run=demo/cfcontra-1&run=demo/source-only-1&run=grid/7");
    await page.getByText(/differ in more than their method: network\.width/).waitFor();
    await page.getByRole("columnheader", { name: "width" }).waitFor();
    await page.getByRole("cell", { name: "+4.4" }).waitFor();
    const names = page.locator(".class-name");
    await page.getByLabel("Order").selectOption("gain");
    await expect.poll(() => names.first().textContent()).toMatch(/road|sidewalk/);
    expect(await names.count()).toBe(19);
    await page.getByRole("button", { name: "Save the scores" }).click();
    const [saved] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("button", { name: "LaTeX" }).first().click(),
    ]);
    expect(readFileSync(await saved.path(), "utf8")).toMatch(
      /cfcontra & 0\.5 & 1 & 34\.\d .*\+4\.4/,
    );
    expect(wrong).toEqual([]);
  });

  test("on a phone the score is the last snapshot's, and the open tab is on the screen", async () => {
    await page.setViewportSize({ width: 390, height: 844 });
    await open("");
    const row = page.getByRole("row", { name: /demo\/cfcontra-1/ });
    const last = JSON.parse(scoresLine(900, 900, 1, 0.045))["miou/target"] as number;
    await row.getByText((last * 100).toFixed(1)).waitFor();
    expect(await page.getByText(/best/i).count()).toBe(0);
    for (const [tab, title] of [
      ["settings", "Settings"],
      ["style", "Style"],
      ["images", "Images"],
    ] as const) {
      await open(`?run=demo/cfcontra-1&tab=${tab}`);
      await page.getByRole("tab", { name: title, selected: true }).waitFor();
      await expect.poll(async () => (await edges(page, title)).every(Boolean)).toBe(true);
    }
    await page.setViewportSize({ width: 1280, height: 844 });
    expect(wrong).toEqual([]);
  });

  test("says that the server does not answer, in its own words", async () => {
    await open("");
    await page.getByRole("link", { name: "failed" }).waitFor();
    const port = Number(new URL(server.address).port);
    await stop(server.child);
    await page.getByRole("link", { name: "failed" }).click();
    await page.getByText("The dashboard's server does not answer").waitFor();
    server = await start(port);
    await page.getByText("is not finite").waitFor(); // by itself, once the server is back
  });

  const views = {
    list: "",
    grouped: "?group=network.width&columns=network.width",
    curves: "?run=demo/cfcontra-1",
    images: "?run=demo/cfcontra-1&tab=images",
    classes: "?run=demo/cfcontra-1&tab=classes",
    prototypes: "?run=demo/cfcontra-1&tab=prototypes",
    features: "?run=demo/cfcontra-1&tab=features",
    style: "?run=demo/cfcontra-1&tab=style",
    settings: "?run=demo/cfcontra-1&tab=settings",
    failed: "?run=failed",
    comparison: "?run=demo/cfcontra-1&run=demo/cfcontra-2&run=demo/minent-1",
    grid: `?${GRID.map((k) => `run=grid/${k}`).join("&")}`,
  };
  test.each(["light", "dark"] as const)(
    "has names, roles, contrast and order for everybody: %s",
    async (colorScheme) => {
      await page.emulateMedia({ colorScheme });
      for (const [name, query] of Object.entries(views)) {
        await page.setViewportSize({ width: name.length % 2 ? 1280 : 390, height: 844 });
        await open(query);
        await page.getByRole("heading", { level: 1 }).waitFor();
        await connection(/^live$/);
        await page.waitForTimeout(300);
        expect([name, await accessibilityFaults(page)]).toEqual([name, []]);
        const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        expect([name, wide]).toEqual([name, 0]);
      }
      expect(wrong).toEqual([]);
    },
  );

  test("names from run folders are shown as text", async () => {
    await page.setViewportSize({ width: 1280, height: 844 });
    await open("?run=failed");
    await page.getByText("<b>the loss</b> is not finite").waitFor();
  });
});
