import { describe, expect, test } from "vitest";
import { CHROMIUM } from "../chromium.js";
import { skipUnless } from "../skip.js";
import { shownRuns } from "./browser.js";

describe("the images of a run", skipUnless(CHROMIUM !== undefined, "chromium"), () => {
  const shown = shownRuns();

  test("images are sorted by their change, shown as changes, zoomed and read", async () => {
    await shown.page.setViewportSize({ width: 1280, height: 900 });
    await shown.open("?run=demo/cfcontra-1&tab=images&left=error&right=change&at=0");
    await shown.page.getByText(/^\d+ of 100 better, \d+ worse$/).waitFor();
    await shown.page
      .locator(".captions")
      .filter({ hasText: /change against source-only-1: fixed \d+\.\d %, broke \d+\.\d %/ })
      .waitFor();
    await shown.page.getByRole("heading", { name: "target: scene 0" }).waitFor();
    await shown.page.keyboard.press("]");
    await shown.page.getByRole("heading", { name: "target: scene 1" }).waitFor();
    await shown.page.keyboard.press("[");
    await shown.page.getByRole("heading", { name: "target: scene 0" }).waitFor();

    const canvases = shown.page.locator(".stage canvas");
    const scales = () =>
      canvases.evaluateAll((all) =>
        all.map((one) => new DOMMatrix(getComputedStyle(one).transform).a),
      );
    await shown.page.keyboard.press("+");
    await shown.page.getByRole("button", { name: "Zoom in" }).click();
    expect(await scales()).toEqual([2.25, 2.25]); // both sides
    await shown.page.getByText("225 %").waitFor();
    const box = (await shown.page.locator(".stage").boundingBox()) as { x: number; y: number };
    const transform = () => canvases.first().evaluate((one) => one.style.transform);
    const before = await transform();
    await shown.page.mouse.move(box.x + 300, box.y + 200);
    await shown.page.mouse.down();
    await shown.page.mouse.move(box.x + 200, box.y + 150);
    await shown.page.mouse.up();
    expect(await transform()).not.toBe(before);
    await shown.page
      .locator(".readout")
      .filter({ hasText: /^truth: \w+.* · prediction: \w+/ })
      .waitFor();
    await shown.page.keyboard.press("0");
    expect(await scales()).toEqual([1, 1]);

    await shown.page.getByLabel("Sort by").selectOption("loss");
    await shown.page.getByText(/^24 of \d+ shown$/).waitFor();
    const losses = await shown.page.locator(".cell-scores .loss").allTextContents();
    expect(losses).toHaveLength(24);
    const values = losses.map((text) => Number(text.replace("−", "-")));
    expect(values).toEqual([...values].sort((a, b) => a - b));
    await shown.page.getByRole("button", { name: "Show more" }).click();
    await expect.poll(() => shown.page.locator(".cell").count()).toBeGreaterThan(24);
    await shown.page.reload();
    expect(await shown.page.getByLabel("Sort by").inputValue()).toBe("loss");
    await shown.page.getByLabel("Sort by").selectOption("class:5");
    await shown.page.getByText("24 of 100 shown").waitFor();
    expect(shown.wrong).toEqual([]);
  });

  test("a side shows another run, or says that it keeps no picture of the image", async () => {
    await shown.open("?run=demo/cfcontra-1&tab=images&right=prediction&rightRun=demo/minent-1");
    await shown.page
      .locator(".stage .tag-right", { hasText: "prediction, demo/minent-1" })
      .waitFor();
    await shown.page.waitForFunction(
      () => [...document.querySelectorAll<HTMLCanvasElement>(".stage canvas")][1]?.width === 64,
    );
    await shown.page.getByLabel("Right: run").selectOption("demo/cfcontra-2");
    await shown.page.getByText("demo/cfcontra-2 keeps no picture of this image.").waitFor();
    // A run of an earlier version opens, and says what it lacks.
    await shown.open("?run=demo/minent-1&tab=images");
    await shown.page.getByText("cfcontra evaluate demo/minent-1 writes them.").waitFor();
    expect(await shown.page.locator(".cell img").count()).toBe(2);
    expect(shown.wrong).toEqual([]);
  });

  test("images are sorted by a confusion, chosen from the list or in the matrix", async () => {
    await shown.open("?run=demo/cfcontra-1&tab=images");
    await shown.page.getByLabel("Sort by").selectOption({ label: "car taken for truck" });
    await shown.page.getByText("24 of 34 shown").waitFor();
    await shown.page.getByText(/labelled pixels that are car and predicted as truck/).waitFor();
    const shares = (await shown.page.locator(".cell-scores").allTextContents()).map((text) =>
      Number(/^([\d.]+) %$/.exec(text)?.[1]),
    );
    expect(shares).toHaveLength(24);
    expect(shares).toEqual([...shares].sort((a, b) => b - a));
    await shown.open("?run=demo/cfcontra-1&tab=classes");
    await shown.page.getByRole("img", { name: /^Confusion: / }).focus();
    for (const key of ["ArrowDown", "ArrowDown"]) await shown.page.keyboard.press(key);
    await shown.page.getByText(/^sidewalk \(truth\), road \(prediction\): /).waitFor();
    await shown.page.keyboard.press("Enter");
    await shown.page.getByText("24 of 100 shown").waitFor();
    expect(await shown.page.getByLabel("Sort by").inputValue()).toBe("confusion:1:0");
    await shown.page.goBack();
    await shown.page.getByRole("tab", { name: "Classes", selected: true }).waitFor();
    expect(shown.wrong).toEqual([]);
  });

  test.each([
    [1280, 900],
    [390, 844],
  ])(
    "the strip of images stays in view at %i pixels, and marks the image of the viewer",
    async (width, height) => {
      await shown.page.setViewportSize({ width, height });
      await shown.open("?run=demo/cfcontra-1&tab=images");
      await shown.page.getByRole("heading", { name: "target: scene 0" }).waitFor();
      const readout = shown.page.locator(".under-stage");
      await readout.evaluate((element) => element.scrollIntoView({ block: "end" }));
      await shown.page.keyboard.press("]");
      await shown.page.getByRole("heading", { name: "target: scene 1" }).waitFor();
      const marked = shown.page.locator('.cell[aria-pressed="true"]');
      expect(await marked.locator(".cell-name").textContent()).toBe("scene 1");
      const box = (await marked.boundingBox()) as { x: number; y: number; height: number };
      expect(box.y).toBeGreaterThanOrEqual(-1);
      expect(box.y + box.height).toBeLessThanOrEqual(height);
      const stage = (await shown.page.locator(".stage").boundingBox()) as typeof box;
      // Beside the viewer, or above its pictures: it hides none of them.
      expect(width > 960 ? box.x < stage.x : box.y + box.height <= stage.y + 1).toBe(true);
      await shown.page.setViewportSize({ width: 1280, height: 900 });
      expect(shown.wrong).toEqual([]);
    },
  );
});
