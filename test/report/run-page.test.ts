import { spawnSync } from "node:child_process";
import { appendFileSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { runPage } from "../../src/report/page/run-page.js";
import { readRun } from "../../src/report/run-files.js";
import { computedSince } from "../computation.js";
import { makeRun, metricsLine } from "../dashboard/runs.js";
import { inTemporaryFolder } from "../datasets/fixtures.js";
import { userError } from "../user-error.js";

/** A made run, changed, as a page, and the milliseconds of computation for it. */
function pageOf(
  change: (run: string) => void,
  use: (html: string, milliseconds: number) => void,
): Promise<void> {
  return inTemporaryFolder(async (root) => {
    const run = join(root, "run");
    await makeRun(run, { images: 1 });
    // The made result has scores only.
    rmSync(join(run, "result.json"));
    change(run);
    const begun = process.cpuUsage();
    const html = await runPage(readRun(run));
    use(html, computedSince(begun));
  });
}
const count = (html: string, pattern: RegExp) => html.match(pattern)?.length ?? 0;

describe("the report of a run", () => {
  test("with 130,000 lines is bounded, in time and size", () =>
    pageOf(
      (run) => {
        const lines = Array.from({ length: 130_000 }, (_, i) => `${metricsLine(i + 1, 130_000)}\n`);
        writeFileSync(join(run, "metrics.jsonl"), lines.join(""));
      },
      (html, milliseconds) => {
        expect(milliseconds).toBeLessThan(40_000); // 2 to 8 seconds; it overflowed the stack
        expect(html.length).toBeLessThan(3e6);
        const text = html.replaceAll(/data:[^"]*/g, "");
        expect(/.{0,40}(NaN|undefined)/.exec(text)?.[0]).toBeUndefined();
        const [path = ""] = /<path d="[^"]+"/.exec(html) ?? [];
        expect(count(path, /[ML]/g)).toBe(1000);
      },
    ));

  test("leaves out what is no image of its previews: files of the system, pipes, empty folders", () =>
    pageOf(
      (run) => {
        writeFileSync(join(run, "previews/.DS_Store"), "Bud1");
        writeFileSync(join(run, "previews/target/.DS_Store"), "Bud1");
        writeFileSync(join(run, "previews/target/000/.DS_Store"), "Bud1");
        mkdirSync(join(run, "previews/target/001"));
        rmSync(join(run, "previews/target/000/truth.png"));
        for (const path of ["previews/target/000/truth.png", "style/001-content.jpg"]) {
          expect(spawnSync("mkfifo", [join(run, path)]).status).toBe(0);
        }
      },
      (html) => {
        expect(html).toContain("<h2>Pictures</h2>");
        expect(count(html, /<img[^>]* alt="[^"]*scene 0"/g)).toBe(3); // image, prediction, entropy
      },
    ));

  test("lists the notes of the training, and marks them on the axes", () =>
    pageOf(
      (run) => {
        const notes = [
          { step: 0, level: "note", text: "weights from <pretrained>" },
          { step: 450, level: "warning", text: "all pseudo-labels are of class sky" },
        ];
        appendFileSync(
          join(run, "notes.jsonl"),
          notes.map((one) => `${JSON.stringify(one)}\n`).join(""),
        );
      },
      (html) => {
        expect(html).toContain(
          '<li class="warning"><b>warning, step 450</b> all pseudo-labels are of class sky</li>',
        );
        expect(html).toContain("weights from &lt;pretrained&gt;");
        const marks = count(html, /<title>warning at step 450: /g);
        expect(marks).toBe(count(html, /<svg[^>]*over training/g));
      },
    ));

  test("draws the source as dots and the target as rings, as the dashboard does", () =>
    pageOf(
      (run) => {
        const points = (domain: number) => ({
          x: [0, 1],
          y: [0, 1],
          domain: [domain, domain],
          class: [0, 0],
        });
        writeFileSync(
          join(run, "features.json"),
          JSON.stringify({ before: points(0), after: points(1) }),
        );
      },
      (html) => {
        expect(html).toContain("Dots: source, rings: target");
        const mark = (title: string) =>
          new RegExp(`<g class="(\\w+)"[^>]*><title>${title}`).exec(html)?.[1];
        expect(mark("road, source")).toBe("dot");
        expect(mark("road, target")).toBe("ring");
      },
    ));

  test("coverage has an axis from 0 to 1, also if it is constant", () =>
    pageOf(
      (run) => {
        const lines = [10, 20, 30].map((step) => `{"step":${step},"pseudo/coverage":1}\n`);
        writeFileSync(join(run, "metrics.jsonl"), lines.join(""));
      },
      (html) => {
        const [svg = ""] =
          /<svg[^>]*pseudo\/coverage over training[\s\S]*?<\/svg>/.exec(html) ?? [];
        const ticks = [...svg.matchAll(/text-anchor="end">([\d.]+)<\/text>/g)].map(
          ([, text]) => text,
        );
        expect(ticks).toEqual(["0", "0.5", "1", "900"]); // to the planned steps;
      },
    ));

  test("its command can be copied, whatever the folder is called", () =>
    inTemporaryFolder(async (root) => {
      const run = join(root, "it's a run");
      await makeRun(run, { images: 1 });
      rmSync(join(run, "result.json"));
      const html = await runPage(readRun(run));
      const [, text = ""] = /(cfcontra train --preset [^<]*)</.exec(html) ?? [];
      const words = text.replaceAll("&apos;", "'").replaceAll("&#39;", "'");
      const { stdout } = spawnSync("sh", ["-c", `printf '%s\\n' ${words}`], { encoding: "utf8" });
      expect(stdout.split("\n")).toContain(`${run}/config.yaml`);
      expect(stdout.split("\n")).toContain(`${run}-again`);
    }));

  test("a config.yaml that is too large, or contains itself, is a clear error", () =>
    inTemporaryFolder(async (root) => {
      for (const text of ["k: 1\n".repeat(20_000), "a: &a [*a]\n"]) {
        writeFileSync(join(root, "config.yaml"), text);
        await userError(() => readRun(root), "damaged-file", join(root, "config.yaml"));
      }
    }));
});
