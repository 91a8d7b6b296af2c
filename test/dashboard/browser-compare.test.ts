import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { CHROMIUM } from "../chromium.js";
import { skipUnless } from "../skip.js";
import { GRID, shownRuns } from "./browser.js";

describe("a comparison", skipUnless(CHROMIUM !== undefined, "chromium"), () => {
  const shown = shownRuns();

  test("of nine groups eight are drawn, until others are chosen", async () => {
    await shown.open(`?${GRID.map((k) => `run=grid/${k}`).join("&")}`);
    await shown.page.getByText("8 of 9 groups are drawn").waitFor();
    const legend = shown.page.locator(".chart").first().locator(".legend li");
    await expect.poll(() => legend.count()).toBe(8);
    const boxes = shown.page.getByRole("list", { name: "Groups to draw" }).getByRole("checkbox");
    expect(await boxes.nth(8).isDisabled()).toBe(true);
    await boxes.nth(0).uncheck();
    await shown.page.getByText("7 of 9 groups are drawn").waitFor();
    await boxes.nth(8).check();
    await expect
      .poll(() => legend.allInnerTexts().then((all) => all.join()))
      .toMatch(/width 1\.125/);
    expect(await legend.allInnerTexts().then((all) => all.join())).not.toMatch(/width 0\.125/);
    const colors = await legend
      .locator(".swatch")
      .evaluateAll((all) => all.map((one) => getComputedStyle(one).color));
    expect(new Set(colors).size).toBe(8);
    await shown.page.reload();
    await expect
      .poll(() => legend.allInnerTexts().then((all) => all.join()))
      .toMatch(/width 1\.125/);
    expect(shown.wrong).toEqual([]);
  });

  test("a comparison says what differs, sorts classes by gain, and saves its tables", async () => {
    await shown.open("?run=demo/cfcontra-1&run=demo/source-only-1&run=grid/7");
    await shown.page.getByText(/differ in more than their method: network\.width/).waitFor();
    await shown.page.getByRole("columnheader", { name: "width" }).waitFor();
    await shown.page.getByRole("cell", { name: "+4.4" }).waitFor();
    const names = shown.page.locator(".class-name");
    await shown.page.getByLabel("Order").selectOption("gain");
    await expect.poll(() => names.first().textContent()).toMatch(/road|sidewalk/);
    expect(await names.count()).toBe(19);
    await shown.page.getByRole("button", { name: "Save the scores" }).click();
    const [saved] = await Promise.all([
      shown.page.waitForEvent("download"),
      shown.page.getByRole("button", { name: "LaTeX" }).first().click(),
    ]);
    expect(readFileSync(await saved.path(), "utf8")).toMatch(
      /cfcontra & 0\.5 & 1 & 34\.\d .*\+4\.4/,
    );
    expect(shown.wrong).toEqual([]);
  });

  test("a comparison shows what each group changed in the same images", async () => {
    await shown.open("?run=demo/source-only-1&run=demo/cfcontra-1&run=demo/minent-1");
    await shown.page.getByText("Without pictures: source-only.").waitFor();
    const rows = shown.page.locator(".compared section");
    await rows.last().scrollIntoViewIfNeeded();
    const titles = ["image", "truth", "cfcontra", "minent"];
    const names = [...titles, "cfcontra, change", "minent, change"];
    for (const [i, row] of (await rows.all()).entries()) {
      await expect.poll(() => row.locator("figcaption").allInnerTexts()).toEqual(titles);
      for (const name of names) {
        const canvas = row.getByRole("img", { name: `${name} of scene ${i}`, exact: true });
        await expect
          .poll(() => canvas.evaluate((one) => (one as HTMLCanvasElement).width))
          .toBe(64);
      }
      const change = row.locator("figure", { hasText: "cfcontra" }).locator(".under").last();
      await expect.poll(() => change.textContent()).toMatch(/^fixed 2\d\.\d %, broke 0\.0 %$/);
    }
    expect(await rows.count()).toBe(2);
    expect(shown.wrong).toEqual([]);
  });
});
