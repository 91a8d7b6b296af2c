import { mkdirSync, realpathSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { compareRuns } from "../../src/report/comparison.js";
import { comparisonPage } from "../../src/report/page/comparison-page.js";
import { readRun } from "../../src/report/run-files.js";
import { accessibilityFaults } from "../axe.js";
import { CHROMIUM, launchChromium } from "../chromium.js";
import { makeRun } from "../dashboard/runs.js";
import { inTemporaryFolder } from "../datasets/fixtures.js";
import { skipUnless } from "../skip.js";

const GROUPS = 9; // one more than there are colours

describe("comparison.html", skipUnless(CHROMIUM !== undefined, "chromium"), () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterAll(() => browser?.close());

  test("draws eight of nine groups until others are chosen, for everybody", () =>
    inTemporaryFolder(async (made) => {
      const root = realpathSync(made);
      const paths: string[] = [];
      const add = async (name: string, options: object) => {
        await makeRun(join(root, name), { steps: 200, evaluations: 4, ...options });
        paths.push(join(root, name));
      };
      for (let k = 0; k < GROUPS; k++) await add(`w${k}`, { width: (k + 1) / 8 });
      await add("base", { method: "source-only", width: 1 / 8 });
      await add("unfinished", { state: "stopped", step: 100 });
      const comparison = compareRuns(paths.map(readRun));
      expect(comparison.leftOut).toEqual(["unfinished"]);
      const html = join(root, "out", "comparison.html");
      mkdirSync(join(root, "out"));
      writeFileSync(html, await comparisonPage(comparison));

      for (const colorScheme of ["light", "dark"] as const) {
        for (const width of [390, 1440]) {
          const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme });
          const requests: string[] = [];
          page.on("request", (request) => requests.push(request.url()));
          await page.goto(`file://${html}`);
          expect(await accessibilityFaults(page)).toEqual([]);
          const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
          expect([width, wide]).toEqual([width, 0]);
          const bars = page.locator(".class").first().locator(".bar:visible");
          expect(await bars.count()).toBe(8);
          await page.getByRole("checkbox").nth(8).check();
          await page.getByRole("checkbox").nth(0).uncheck();
          expect(await bars.count()).toBe(8);
          const first = () =>
            page.locator(".class").evaluateAll((all) => {
              const order = (one: Element) => Number(getComputedStyle(one).order);
              return all.filter((one) => order(one) === 0).length;
            });
          expect(await first()).toBeGreaterThan(1);
          await page.getByLabel("by gain").check();
          expect(await first()).toBe(1);
          expect(
            requests.filter((url) => !url.startsWith("file:") && !url.startsWith("data:")),
          ).toEqual([]);
          await page.close();
        }
      }
    }));
});
