import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { makeDomains } from "../datasets/fixtures.js";
import { cli, expectError, preset, tiny } from "./cli.js";

describe("evaluate", () => {
  let root: string;
  let run: string;
  const text = (name: string) => readFileSync(join(root, name), "utf8");
  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), "cfcontra-"));
    await makeDomains(root, 4);
    run = join(root, "run");
    const train = { ...tiny(root).train, evaluateEvery: 1 };
    const path = await preset(root, tiny(root, { train }));
    expect((await cli("train", "--preset", path, "--out", run)).code).toBe(0);
  });
  afterAll(() => rm(root, { recursive: true, force: true }));

  test("writes what it prints in every format, and a picture of the confusion matrix", async () => {
    const files = ["csv", "markdown", "latex", "json"].flatMap((format) => [
      `--${format}`,
      join(root, `scores.${format}`),
    ]);
    const picture = join(root, "confusion.png");
    const { code, out, err } = await cli(
      ...["evaluate", run, "--classes", "13", "--confusion", picture, ...files],
    );
    expect(err).not.toMatch(/error/);
    expect(code).toBe(0);
    expect(out).toMatch(/^mIoU over 13 classes +\d+\.\d$/m);
    expect(out).toMatch(/^[a-z ]+ +\d+\.\d {2}[█▏▎▍▌▋▊▉]+$/m); // the IoU of a class as a bar
    expect(out).toMatch(/^boundary IoU +\d+\.\d$/m);
    expect(out).toMatch(
      /^camvid, mIoU over 3 snapshots: last .*, mean .* ± .*, best .* \(step \d/m,
    );

    const { evaluations, scores } = JSON.parse(text("scores.json"));
    const { subset, confusion, calibration, pseudo } = evaluations.camvid;
    const rows = text("scores.csv").trimEnd().split("\n");
    expect(rows[0]).toBe('"IoU, %",camvid');
    expect(rows).toContain(`mIoU over 13 classes,${(subset.miou * 100).toFixed(1)}`);
    expect(confusion).toHaveLength(19);
    expect(calibration.error).toBeGreaterThan(0);
    expect(pseudo.coverage).toBeLessThanOrEqual(1);

    expect(text("scores.markdown")).not.toContain("published"); // CamVid is not the target
    const own = text("scores.latex")
      .split("\n")
      .find((line) => line.startsWith("cfcontra &"));
    const ending = [scores.camvid.miou, subset.miou].map((v) => (v * 100).toFixed(1)).join(" & ");
    expect(own?.endsWith(`& ${ending} \\\\`)).toBe(true);
    expect(own?.split("&")).toHaveLength(1 + 19 + 2);
    const { width, height } = await sharp(picture).metadata();
    expect(Math.min(width, height)).toBeGreaterThan(1000);
  });

  test("from GTA5 to Cityscapes, tables have the published figures above those of each set", async () => {
    const city = `{ type: cityscapes, root: ${join(root, "cityscapes")}, split: train }`;
    const given = [
      "--set",
      `evaluate={ a: ${city}, b: ${city} }`,
      "--markdown",
      join(root, "city.md"),
    ];
    expect((await cli("evaluate", run, ...given)).code).toBe(0);
    const table = text("city.md");
    expect(table).toMatch(/^\| MinEnt \(published\) \|.*\| 42\.2-42\.3 \|$/m);
    expect(table).toMatch(/^\| cfcontra, a \|.*\n\| cfcontra, b \|/m);
  });

  test("scales, mirrored images and native size change the scores, and are recorded", async () => {
    const json = join(root, "views.json");
    const views = ["--scales", "0.5,1", "--flip", "--native", "--json", json];
    expect((await cli("evaluate", run, ...views)).code).toBe(0);
    const { protocol, scores } = JSON.parse(readFileSync(json, "utf8"));
    expect(protocol).toMatchObject({ output: "native", scales: [0.5, 1], flip: true });
    const single = JSON.parse(readFileSync(join(run, "result.json"), "utf8")).scores;
    expect(scores.camvid.accuracy).not.toBe(single.camvid.accuracy);
  });

  test("refuses bad values", async () => {
    const evaluate = (...args: string[]) => cli("evaluate", run, ...args);
    expectError(await evaluate("--scales", "1,large"), "invalid-value", "--scales 1,large");
    expectError(await evaluate("--classes", "12"), "invalid-value", "--classes 12", "19, 16 or 13");
  });
});
