import { appendFileSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { ImagePage, RunDetails } from "../../src/dashboard/api.js";
import { bounded, magnified, moved, pictureAt, WHOLE } from "../../web/dashboard/zoom.js";
import { imageLines, makeRun } from "./runs.js";
import { get, json, withApp } from "./served.js";

const query = (more = "") => `/api/images?run=cfcontra&${more}`;

describe("the scores of images", () => {
  test("are sorted by score, by gain, by loss and by class, against the baseline", async () => {
    await withApp(async (app, runs) => {
      await makeRun(join(runs, "source-only"), { method: "source-only", scored: 100 });
      await makeRun(join(runs, "cfcontra"), { scored: 100 });
      const page = (more: string) => json<ImagePage>(app, query(more));
      const all = await page("count=500");
      expect(all).toMatchObject({ set: "target", sets: ["target"], step: 900, images: 100 });
      expect([all.compared, all.entries.length]).toEqual([100, 100]);
      const gain = ({ score, before }: ImagePage["entries"][number]) =>
        (score as number) - (before as number);
      const gains = all.entries.map(gain);
      expect(all.better).toBe(gains.filter((one) => one > 0).length);
      expect(all.worse).toBe(gains.filter((one) => one < 0).length);
      const rising = (values: readonly number[]) => [...values].sort((a, b) => a - b);
      const worst = (await page("order=worst&count=10")).entries.map(({ score }) => score);
      expect(worst).toEqual(rising(all.entries.map(({ score }) => score as number)).slice(0, 10));
      const gained = (await page("order=gain&count=10")).entries.map(gain);
      expect(gained).toEqual(rising(gains).reverse().slice(0, 10));
      expect((await page("order=loss&count=10")).entries.map(gain)).toEqual(
        rising(gains).slice(0, 10),
      );
      const class3 = await page("order=class&class=3&count=100");
      const ious = class3.entries.map(({ classIou }) => classIou as number);
      expect(ious).toEqual(rising(ious));
      expect((await page("order=class&class=15")).sorted).toBe(0); // in no image
      const named = await page("name=scene+7&name=scene+3&name=nothing");
      expect(named.entries.map(({ name }) => name)).toEqual(["scene 7", "scene 3"]);
    });
  });

  test("are sorted by a confusion, the largest first, and the largest confusions are listed", async () => {
    await withApp(async (app, runs) => {
      await makeRun(join(runs, "cfcontra"), { scored: 100 });
      const page = await json<ImagePage>(
        app,
        query("order=confusion&class=13&predicted=14&count=100"),
      );
      const shares = page.entries.map(({ confused }) => confused as number);
      expect(page.sorted).toBe(34); // every third of 100
      expect(shares).toEqual([...shares].sort((a, b) => b - a));
      expect(shares[0]).toBeGreaterThan(0.3);
      expect(page.entries.every(({ name }) => Number(name.split(" ")[1]) % 3 === 0)).toBe(true);
      const sum = shares.reduce((all, one) => all + one, 0);
      expect(page.confusions).toEqual([
        { truth: 13, predicted: 14, share: expect.closeTo(sum / 100, 9) },
        { truth: 1, predicted: 0, share: expect.closeTo(0.0055, 9) },
      ]);
      const none = await json<ImagePage>(app, query("order=confusion&class=3&predicted=4"));
      expect([none.sorted, none.entries.length]).toEqual([0, 0]);
      const lines = imageLines(900, 5).map((line) => line.replace(/,"confused":.*/, "}"));
      writeFileSync(join(runs, "cfcontra/images.jsonl"), `${lines.join("\n")}\n`);
      const old = await json<ImagePage>(app, query());
      expect([old.images, old.confusions]).toEqual([5, undefined]); // the page says what is missing
    });
  });

  test("of 100,000 images are served within seconds, and so is everything else meanwhile", async () => {
    await withApp(async (app, runs) => {
      await makeRun(join(runs, "cfcontra"));
      const text = `${[...imageLines(450, 100_000), ...imageLines(900, 100_000)].join("\n")}\n`;
      writeFileSync(join(runs, "cfcontra/images.jsonl"), text);
      const first = json<ImagePage>(app, query("order=worst&count=20"));
      const order: string[] = [];
      await Promise.all([
        first.then(() => order.push("images")),
        json<RunDetails>(app, "/api/run?run=cfcontra").then(() => order.push("run")),
      ]);
      expect(order[0]).toBe("run"); // the event loop turns while lines are parsed
      const page = await first;
      expect([page.images, page.step, page.entries.length]).toEqual([100_000, 900, 20]);
      const { entries } = await json<ImagePage>(app, query("order=worst&count=100000"));
      expect(entries).toHaveLength(500);
    });
  });

  test("survive torn, foreign and poisoned lines, and names that are no text", async () => {
    await withApp(async (app, runs) => {
      await makeRun(join(runs, "cfcontra"), { scored: 3 });
      const path = join(runs, "cfcontra/images.jsonl");
      const poison = [
        ...["null", "[]", '"x"', "{}", '{"step":1e999}', "\u0000"],
        '{"step":900,"set":"target","name":{},"iou":[1]}',
        '{"step":900,"set":"target","name":"x","iou":"long"}',
        '{"step":900,"set":"__proto__","name":"<b>x</b>","iou":[0.5,"0.5",{},null,1e999]}',
        `{"step":900,"set":"target","name":"${"n".repeat(9000)}","iou":[0.25]}`,
        '{"step":900,"set":"target","name":"scene 1","iou":[0]}',
        '{"step":900,"set":"target","name":"odd","iou":[0],"confused":[[1,2],[-1,0,0.5],[0,1e9,0.5],7,{}]}',
        '{"step":900,"set":"target","name":"torn',
      ];
      appendFileSync(path, poison.join("\n"));
      const page = await json<ImagePage>(app, query("count=50&set=target"));
      expect(page.entries.map(({ name }) => name.length)).toEqual([7, 7, 2000, 7, 3]);
      expect(page.confusions?.map(({ truth, predicted }) => [truth, predicted])).toEqual([
        [13, 14],
        [1, 0],
      ]);
      expect(page.entries.find(({ name }) => name === "scene 1")?.score).toBe(0); // the later line
      expect(page.sets).toEqual(["target", "__proto__"]);
      const odd = await json<ImagePage>(app, query("set=__proto__"));
      expect(odd.entries.map(({ name, score }) => [name, score])).toEqual([["<b>x</b>", 0.5]]);
      for (const more of [
        "set=none",
        "order=__proto__",
        "class=-1&order=class",
        "count=-5",
        "count=x",
      ]) {
        expect((await get(app, query(more))).status).toBe(200);
      }
    });
  });

  test("an old run folder, a folder and an empty file have none", async () => {
    await withApp(async (app, runs) => {
      await makeRun(join(runs, "cfcontra"), { images: 2 });
      expect(await json(app, query())).toBeNull();
      const details = await json<RunDetails>(app, "/api/run?run=cfcontra");
      expect([details.hasImages, details.previews.length]).toEqual([false, 2]);
      mkdirSync(join(runs, "cfcontra/images.jsonl"));
      expect(await json(app, query())).toBeNull();
      rmSync(join(runs, "cfcontra/images.jsonl"), { recursive: true });
      writeFileSync(join(runs, "cfcontra/images.jsonl"), "");
      expect(await json(app, query())).toBeNull();
      expect((await get(app, "/api/images?run=none")).status).toBe(404);
    });
  });
});

describe("zoom", () => {
  test("keeps the point under the pointer, and the view inside the picture", () => {
    const near = magnified(WHOLE, 4, 0.25, 0.75);
    expect(pictureAt(near, 0.25, 0.75).x).toBeCloseTo(0.25, 12);
    expect(pictureAt(near, 0.25, 0.75).y).toBeCloseTo(0.75, 12);
    expect(magnified(near, 1 / 9)).toEqual(WHOLE);
    expect(magnified(WHOLE, 1e9).scale).toBe(32);
    const far = moved(near, -100, 100);
    expect(pictureAt(far, 0, 0).x).toBeCloseTo(0, 12);
    expect(pictureAt(far, 1, 1).y).toBeCloseTo(1, 12);
    expect(bounded({ scale: 0.1, x: 5, y: -5 })).toEqual(WHOLE);
  });
});
