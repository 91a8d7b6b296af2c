import { type ChildProcess, spawn } from "node:child_process";
import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { afterAll, describe, expect, test } from "vitest";
import { CHROMIUM } from "../chromium.js";
import { BIN, preset, tiny } from "../cli/cli.js";
import { makeDomains } from "../datasets/fixtures.js";
import { skipUnless } from "../skip.js";
import { shownRuns } from "./browser.js";
import { makeRun, metricsLine } from "./runs.js";

describe("the page of a run", skipUnless(CHROMIUM !== undefined, "chromium"), () => {
  const shown = shownRuns();
  let training: ChildProcess | undefined;
  afterAll(() => {
    training?.kill("SIGKILL");
  });

  test("follows a training from its first step to its scores and pictures", async () => {
    await makeDomains(shown.root, 4, 3);
    const config = await preset(shown.root, tiny(shown.root, { method: "minent" }));
    await shown.open("");
    await shown.page.getByRole("link", { name: "failed" }).waitFor();
    const set = ["--set", "train.checkpointEvery=1000", "--set", "train.evaluateEvery=60"];
    const args = [
      BIN,
      "train",
      "--preset",
      config,
      "--steps",
      "480",
      "--out",
      join(shown.runs, "trained"),
      ...set,
    ];
    const child = spawn(process.execPath, args, { stdio: ["ignore", "ignore", "inherit"] });
    training = child;
    const ended = new Promise((resolve) => child.once("exit", resolve));
    // The training waits for the page: a slow browser sees it before its end, too.
    const metrics = join(shown.runs, "trained", "metrics.jsonl");
    const hasLoss = () =>
      existsSync(metrics) && readFileSync(metrics, "utf8").includes("source/main"); // after the scores of step 0
    while (!hasLoss() && child.exitCode === null) await setTimeout(5);
    child.kill("SIGSTOP");
    await shown.page.getByRole("link", { name: "trained" }).click(); // the row appears by itself
    const head = shown.page.locator(".run-head");
    await head.getByText(/^\d+ of 480$/).waitFor();
    const values = new Set<string | null>();
    const loss = shown.page
      .locator(".chart", { has: shown.page.getByRole("heading", { name: "Source loss" }) })
      .locator(".legend-value")
      .first();
    await loss.waitFor();
    values.add(await loss.textContent());
    child.kill("SIGCONT");
    while (!(await head.locator(".state-complete, .state-failed").isVisible())) {
      values.add(await loss.textContent());
      await shown.page.waitForTimeout(150);
    }
    values.add(await loss.textContent());
    expect(await ended).toBe(0);
    expect(values.size).toBeGreaterThan(1); // it moved while we looked
    await head.getByText("480 of 480").waitFor();
    await head.getByText("mIoU camvid").waitFor();
    await shown.page.getByRole("tab", { name: "Images" }).click();
    await shown.page.getByText("step 480", { exact: true }).waitFor();
    await shown.page.waitForFunction(() => {
      const sides = [...document.querySelectorAll<HTMLCanvasElement>(".stage canvas")];
      return sides.length === 2 && sides.every((one) => one.width === 64 && !one.hidden);
    });
    expect(shown.wrong).toEqual([]);
  });

  test("a page that was opened before its run began shows the run when it begins", async () => {
    await shown.open("?run=coming");
    await shown.page.getByRole("heading", { name: "This page cannot be shown" }).waitFor();
    await makeRun(join(shown.runs, "coming"), { state: "running", step: 100, images: 0 });
    await shown.page.getByText("100 of 900").waitFor();
    shown.wrong = shown.wrong.filter((text) => !/404/.test(text)); // the browser notes the first answer
    expect(shown.wrong).toEqual([]);
  });

  test("survives a restart of the server, and shows what was written in between", async () => {
    await makeRun(join(shown.runs, "lasting"), { state: "running", step: 300, images: 0 });
    await shown.open("?run=lasting");
    await shown.page.getByText("300 of 900").waitFor();
    await shown.connection(/^live$/);
    const port = Number(new URL(shown.server.address).port);
    await shown.stop();
    await shown.connection(/trying again/);
    appendFileSync(join(shown.runs, "lasting/metrics.jsonl"), `${metricsLine(310, 900)}\n`);
    shown.server = await shown.start(port);
    await shown.connection(/^live$/);
    await shown.page.getByText("310 of 900").waitFor();
    const losses = shown.page.getByRole("img", { name: /^Source loss\./ });
    await expect
      .poll(() => losses.getAttribute("aria-label"), { timeout: 240_000 })
      .toMatch(/at step 310/);
    // The browser notes each of its own attempts to reconnect.
    shown.wrong = shown.wrong.filter(
      (text) =>
        !/404|ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED|ERR_EMPTY_RESPONSE|ERR_CONNECTION_RESET/.test(
          text,
        ),
    );
    expect(shown.wrong).toEqual([]);
  });

  test("a run shows its notes, and the baseline that it is measured against", async () => {
    await shown.page.setViewportSize({ width: 1280, height: 900 });
    await shown.open("?run=demo/cfcontra-1");
    await shown.page.getByText("warning, step 120 all pseudo-labels are of class sky").waitFor();
    const miou = shown.page.locator(".chart", {
      has: shown.page.getByRole("heading", { name: "mIoU" }),
    });
    await miou.getByText("Dashed: the last snapshot of demo/source-only-1").waitFor();
    await miou.getByRole("button", { name: "target, source-only" }).waitFor();
    expect(shown.wrong).toEqual([]);
  });

  test("losses have their weights in the legend, and their shares of the gradient", async () => {
    await shown.open("?run=demo/cfcontra-1");
    const legend = (title: string) =>
      shown.page
        .locator(".chart", { has: shown.page.getByRole("heading", { name: title }) })
        .locator(".legend button");
    const last = JSON.parse(metricsLine(900, 900)) as Record<string, number>;
    const [main, entropy] = ["gradient/source/main", "gradient/target/entropy"].map(
      (key) => last[key] as number,
    ) as [number, number];
    const share = Math.round((100 * main) / (main + entropy));
    await legend("Source loss").first().waitFor();
    // The newest bucket may hold more than one step.
    expect(share).toBeGreaterThan(60);
    expect(await legend("Source loss").allInnerTexts()).toEqual([
      expect.stringMatching(/^source\/main x 1, \d\d % of the gradient$/),
      "source/aux x 0.1",
    ]);
    expect(await legend("Contrastive loss").allInnerTexts()).toEqual([
      "source x 0.05",
      "target x 0.05",
    ]);
    const shares = (await legend("Gradient norm").allInnerTexts()).map((text) =>
      Number(/(\d+) % of the gradient/.exec(text)?.[1]),
    );
    expect(shares).toHaveLength(2);
    expect((shares[0] as number) + (shares[1] as number)).toBe(100);
    expect(Math.abs((shares[0] as number) - share)).toBeLessThan(15);
    expect(shown.wrong).toEqual([]);
  });

  test("a chart has a readout, an enlarged form, other axes, and files", async () => {
    await shown.open("?run=demo/cfcontra-1&smooth=0.9");
    const loss = shown.page.locator(".chart", {
      has: shown.page.getByRole("heading", { name: "Source loss" }),
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
    await shown.page.getByLabel("Axis").selectOption("time");
    await shown.page.getByLabel("Log scale").check();
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
        shown.page.waitForEvent("download"),
        loss.getByRole("button", { name: kind, exact: true }).click(),
      ]);
      expect(saved.suggestedFilename()).toBe(`source-loss.${kind.toLowerCase()}`);
      expect(readFileSync(await saved.path(), "latin1").slice(0, start.length)).toBe(start);
    }
    expect(shown.wrong).toEqual([]);
  });
});
