import type { Page } from "playwright-core";
import { describe, expect, test } from "vitest";
import { accessibilityFaults } from "../axe.js";
import { CHROMIUM } from "../chromium.js";
import { skipUnless } from "../skip.js";
import { GRID, shownRuns } from "./browser.js";
import { scoresLine } from "./runs.js";

describe("the dashboard is for everybody", skipUnless(CHROMIUM !== undefined, "chromium"), () => {
  const shown = shownRuns();
  /** Whether the left and the right edge of a tab are on the screen. */
  const edges = (on: Page, title: string): Promise<boolean[]> =>
    on.getByRole("tab", { name: title }).evaluate((tab) => {
      const { left, right } = tab.getBoundingClientRect();
      return [left >= 0, right <= innerWidth];
    });

  test("a view is in its address, and the keyboard reaches everything", async () => {
    await shown.open(
      "?run=demo/cfcontra-1&tab=images&image=target/001&step=450&left=truth&right=entropy&at=30",
    );
    await shown.page.getByText("step 450").waitFor();
    // The pictures have their names when both are loaded.
    const tags = shown.page.locator(".swipe .tag");
    await expect.poll(() => tags.allTextContents()).toEqual(["truth", "entropy"]);
    await shown.page.getByRole("heading", { name: "target: scene 1" }).waitFor();
    const handle = shown.page.getByLabel("Line between truth and entropy");
    expect(await handle.inputValue()).toBe("30");
    await handle.focus();
    await shown.page.keyboard.press("ArrowRight");
    await shown.page.getByLabel("Training", { exact: true }).focus();
    await shown.page.keyboard.press("ArrowLeft");
    await shown.page.getByText("step 300").waitFor();
    await shown.page.reload();
    await shown.page.getByText("step 300").waitFor();
    expect(await handle.inputValue()).toBe("31");

    await shown.page.getByRole("tab", { name: "Images" }).focus();
    await shown.page.keyboard.press("ArrowLeft");
    expect(
      await shown.page.getByRole("tab", { name: "Curves" }).getAttribute("aria-selected"),
    ).toBe("true");
    const plot = shown.page.getByRole("img", { name: /^mIoU\. target: / });
    await plot.focus();
    await shown.page.keyboard.press("ArrowLeft");
    await shown.page.getByText(/^Step \d+: target \d/).waitFor({ state: "attached" });

    await shown.page.keyboard.press("u");
    await shown.page.getByRole("link", { name: "failed" }).waitFor();
    await shown.page.keyboard.press("/");
    await shown.page.keyboard.type("demo cf");
    await shown.page.getByText("2 of ").waitFor();
    await shown.page.getByRole("button", { name: "Choose all shown" }).click();
    await shown.page.getByRole("button", { name: "Compare 2" }).click();
    await shown.page
      .getByRole("cell", { name: /^\d+\.\d ± \d+\.\d$/ })
      .first()
      .waitFor();
    await shown.page.goBack();
    await shown.page.getByText("2 of ").waitFor();
    expect(await shown.page.getByLabel("Filter").inputValue()).toBe("demo cf");
    expect(shown.wrong).toEqual([]);
  });

  test("on a phone the score is the last snapshot's, and the open tab is on the screen", async () => {
    await shown.page.setViewportSize({ width: 390, height: 844 });
    await shown.open("");
    const row = shown.page.getByRole("row", { name: /demo\/cfcontra-1/ });
    const last = JSON.parse(scoresLine(900, 900, 1, 0.045))["miou/target"] as number;
    await row.getByText((last * 100).toFixed(1)).waitFor();
    expect(await shown.page.getByText(/best/i).count()).toBe(0);
    for (const [tab, title] of [
      ["settings", "Settings"],
      ["style", "Style"],
      ["images", "Images"],
    ] as const) {
      await shown.open(`?run=demo/cfcontra-1&tab=${tab}`);
      await shown.page.getByRole("tab", { name: title, selected: true }).waitFor();
      await expect.poll(async () => (await edges(shown.page, title)).every(Boolean)).toBe(true);
    }
    await shown.page.setViewportSize({ width: 1280, height: 844 });
    expect(shown.wrong).toEqual([]);
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
      await shown.page.emulateMedia({ colorScheme });
      for (const [name, query] of Object.entries(views)) {
        await shown.page.setViewportSize({ width: name.length % 2 ? 1280 : 390, height: 844 });
        await shown.open(query);
        await shown.page.getByRole("heading", { level: 1 }).waitFor();
        await shown.connection(/^live$/);
        await shown.page.waitForTimeout(300);
        expect([name, await accessibilityFaults(shown.page)]).toEqual([name, []]);
        const wide = await shown.page.evaluate(
          () => document.documentElement.scrollWidth - innerWidth,
        );
        expect([name, wide]).toEqual([name, 0]);
      }
      expect(shown.wrong).toEqual([]);
    },
  );

  test("names from run folders are shown as text", async () => {
    await shown.page.setViewportSize({ width: 1280, height: 844 });
    await shown.open("?run=failed");
    await shown.page.getByText("<b>the loss</b> is not finite").waitFor();
  });
});
