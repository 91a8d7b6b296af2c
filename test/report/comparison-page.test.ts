import { copyFileSync, mkdirSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { compareRuns } from "../../src/report/comparison.js";
import { comparisonPage } from "../../src/report/page/comparison-page.js";
import { readRun } from "../../src/report/run-files.js";
import { accessibilityFaults } from "../axe.js";
import { CHROMIUM, launchChromium, openPage } from "../chromium.js";
import { makeRun } from "../dashboard/runs.js";
import { inTemporaryFolder, sceneLabel } from "../datasets/fixtures.js";
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
          const page = await openPage(browser, { viewport: { width, height: 900 }, colorScheme });
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

  test("shows what each group changed against its baseline, image by image and in all", () =>
    inTemporaryFolder(async (made) => {
      const root = realpathSync(made);
      const own = { steps: 200, evaluations: 1, images: 2 };
      for (const method of ["source-only", "cfcontra", "minent"]) {
        const pictures = method === "minent" ? { images: 1 } : {};
        await makeRun(join(root, method), { ...own, ...pictures, method });
      }
      const folder = (method: string, i: number) => join(root, method, "previews/target", `00${i}`);
      const last = "step-0000200-prediction.png";
      for (const i of [0, 1]) {
        copyFileSync(
          join(folder("source-only", i), "baseline.png"),
          join(folder("source-only", i), last),
        );
      }
      // The run's prediction is right everywhere, the baseline's wrong where it was overwritten.
      const shares = [0, 1].map((i) => {
        const label = [...sceneLabel(i)];
        const labelled = label.filter((id) => id < 19).length;
        const fixed = label.filter((id, k) => id < 19 && id !== overwritten(id, k)).length;
        return { labelled, fixed };
      });
      const percent = (share: number) => `${(share * 100).toFixed(1)} %`;
      const write = (methods: readonly string[]) =>
        comparisonPage(compareRuns(methods.map((method) => readRun(join(root, method)))));
      const html = await write(["source-only", "cfcontra"]);
      const captions = [...html.matchAll(/<p class="under">(.*?)<\/p>/g)].map(([, text]) => text);
      expect(captions).toEqual(
        shares.map(({ fixed, labelled }) => `fixed ${percent(fixed / labelled)}, broke 0.0 %`),
      );
      const all = (which: "fixed" | "labelled") => shares.reduce((sum, one) => sum + one[which], 0);
      expect(html).toContain(
        `<b>cfcontra</b> fixed ${percent(all("fixed") / all("labelled"))}, broke 0.0 % of the labelled pixels of these 2 images`,
      );
      expect(html.match(/alt="cfcontra, change of /g)).toHaveLength(2);
      expect(html).not.toContain("source-only, change");
      // Only the first image is in all three runs; a baseline without pictures gives no column.
      const three = await write(["source-only", "cfcontra", "minent"]);
      expect(three.match(/alt="(cfcontra|minent), change of scene 0"/g)).toHaveLength(2);
      expect(three).not.toContain("scene 1");
      rmSync(join(root, "source-only/previews"), { recursive: true });
      expect(await write(["cfcontra", "source-only"])).not.toContain("change of scene");
    }));
});

/** A label of the baseline's prediction that `makeRun` draws. */
const overwritten = (id: number, k: number) => (((k * 2246822519) >>> 8) % 100 < 30 ? 2 : id);
