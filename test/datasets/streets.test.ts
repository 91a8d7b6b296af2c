import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rm, stat, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { beforeAll, describe, expect, it } from "vitest";
import { cityscapes19 } from "../../src/datasets/class-sets.js";
import type { Color } from "../../src/datasets/dataset.js";
import type { Domain } from "../../src/datasets/streets/domain.js";
import { ID } from "../../src/datasets/streets/ids.js";
import { randomFrom } from "../../src/datasets/streets/random.js";
import type { Rendering } from "../../src/datasets/streets/render.js";
import { rasterize, renderScene, sceneSvg } from "../../src/datasets/streets/render.js";
import { makeScene } from "../../src/datasets/streets/scene.js";
import { makeStreets, openStreets } from "../../src/datasets/streets/streets.js";
import { userError } from "../user-error.js";
import { inTemporaryFolder } from "./fixtures.js";

const size = { width: 320, height: 160 };
const domains: readonly Domain[] = ["source", "target"];
const used = new Set<number>(Object.values(ID));

function digest(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

describe.each(domains)("streets, %s", (domain) => {
  const count = 30;
  const renderings: Rendering[] = [];

  beforeAll(async () => {
    for (let i = 0; i < count; i++)
      renderings.push(await renderScene(makeScene(domain, 9, i), size));
  });

  it("labels every pixel with a class that is drawn", () => {
    for (const { label } of renderings) {
      expect(label).toHaveLength(size.width * size.height);
      expect([...new Set(label)].filter((id) => !used.has(id))).toEqual([]);
    }
  });

  it("shows every class in at least an eighth of the scenes", () => {
    for (const id of used) {
      const seen = renderings.filter(({ label }) => label.filter((v) => v === id).length >= 12);
      expect(seen.length, cityscapes19.names[id]).toBeGreaterThanOrEqual(count / 8);
    }
  });

  it("draws a different scene for every index", () => {
    expect(new Set(renderings.map(({ label }) => digest(label))).size).toBe(count);
    expect(new Set(renderings.map(({ image }) => digest(image))).size).toBe(count);
  });

  it("is reproducible to the byte", async () => {
    for (const index of [0, 7]) {
      const again = await renderScene(makeScene(domain, 9, index), size);
      expect(digest(again.image)).toBe(digest(renderings[index]?.image as Uint8Array));
      expect(digest(again.label)).toBe(digest(renderings[index]?.label as Uint8Array));
    }
  });

  it("has exact labels: the classes in flat colours, drawn as the image is, agree with them", async () => {
    // A mixture on an edge may happen to equal a third class's colour, but not in both palettes.
    const palettes = [7, 8].map((seed) => {
      const random = randomFrom(seed);
      const channel = () => random.int(0, 255);
      return Array.from({ length: 19 }, (): Color => [channel(), channel(), channel()]);
    });
    const indices = palettes.map((flat) => new Map(flat.map((color, id) => [color.join(), id])));
    for (let i = 0; i < 6; i++) {
      const { label } = renderings[i] as Rendering;
      const scene = makeScene(domain, 9, i);
      const drawn = await Promise.all(
        palettes.map((flat) => rasterize(sceneSvg(scene, size, flat))),
      );
      let [pure, wrong] = [0, 0];
      label.forEach((id, at) => {
        const [one, two] = drawn.map((pixels, k) =>
          indices[k]?.get(pixels.subarray(3 * at, 3 * at + 3).join()),
        );
        if (one === undefined || one !== two) return;
        pure++;
        if (one !== id) wrong++;
      });
      expect(pure / label.length).toBeGreaterThan(0.7);
      // What is left are slivers that cover a pixel to within one part in 255.
      expect(wrong / pure).toBeLessThan(0.0002);
    }
  });

  it("is one picture at any size", async () => {
    const half = await renderScene(makeScene(domain, 9, 3), { width: 160, height: 80 });
    const { label } = renderings[3] as Rendering;
    let equal = 0;
    half.label.forEach((id, at) => {
      const [x, y] = [at % 160, Math.floor(at / 160)];
      if (label[(2 * y + 1) * size.width + 2 * x + 1] === id) equal++;
    });
    expect(equal / half.label.length).toBeGreaterThan(0.9);
  });
});

it("has the sky brighter than road, houses and leaves in both domains", async () => {
  for (const domain of domains) {
    const sums = new Map<number, [number, number]>();
    for (let i = 0; i < 8; i++) {
      const { image, label } = await renderScene(makeScene(domain, 4, i), size);
      label.forEach((id, at) => {
        const [sum, n] = sums.get(id) ?? [0, 0];
        sums.set(id, [sum + (image[3 * at + 1] as number), n + 1]);
      });
    }
    const mean = (id: number) => {
      const [sum, n] = sums.get(id) ?? [0, 1];
      return sum / n;
    };
    for (const id of [ID.road, ID.building, ID.vegetation]) {
      expect(sums.get(id)?.[1]).toBeGreaterThan(0);
      expect(mean(ID.sky)).toBeGreaterThan(mean(id));
    }
  }
});

describe("makeStreets and openStreets", () => {
  const small = { width: 64, height: 32 };

  it("writes RGB images and grey labels, and reads them back", () =>
    inTemporaryFolder(async (root) => {
      const seen: number[] = [];
      const options = { domain: "target", split: "train", count: 3, size: small } as const;
      const set = await openStreets(root, {
        ...options,
        onProgress: (done, total) => seen.push(done / total),
      });
      expect(seen.at(-1)).toBe(1);
      expect(set).toMatchObject({ labelled: true, names: ["000000", "000001", "000002"] });
      expect(set.classes).toBe(cityscapes19);
      const expected = await renderScene(makeScene("target", 1, 1), small);
      const sample = await set.load(1);
      expect(sample).toMatchObject({ name: "000001", ...small });
      expect(digest(sample.image)).toBe(digest(expected.image));
      expect(digest(sample.label as Uint8Array)).toBe(digest(expected.label));
      const label = await sharp(join(root, "target/train/labels/000001.png")).metadata();
      expect(label).toMatchObject({ channels: 1, depth: "uchar" });
      const resized = await set.load(0, { width: 32, height: 16 });
      expect(resized.image).toHaveLength(32 * 16 * 3);
      expect([...(resized.label as Uint8Array)].every((id) => used.has(id))).toBe(true);
      const blind = await openStreets(root, { ...options, labelled: false });
      expect((await blind.load(0)).label).toBeUndefined();
    }));

  it("keeps intact pictures, redraws damaged ones, and leaves no temporary files", () =>
    inTemporaryFolder(async (root) => {
      const options = { domain: "source", split: "test", count: 2, size: small } as const;
      await makeStreets(root, options);
      const kept = join(root, "source/test/images/000000.png");
      const broken = join(root, "source/test/labels/000001.png");
      const [before, whole] = [await stat(kept), await readFile(broken)];
      await truncate(broken, 40);
      await makeStreets(root, options);
      expect((await stat(kept)).mtimeMs).toBe(before.mtimeMs);
      expect((await readFile(broken)).equals(whole)).toBe(true);
      expect(await readdir(join(root, "source/test/labels"))).toEqual(["000000.png", "000001.png"]);
    }));

  it("names a file that it cannot write, and leaves no temporary files", () =>
    inTemporaryFolder(async (root) => {
      const options = { domain: "source", split: "test", count: 1, size: small } as const;
      await mkdir(join(root, "source/test"), { recursive: true });
      await writeFile(join(root, "source/test/labels"), "in the way");
      await userError(makeStreets(root, options), "not-writable", "labels/000000.png");
      expect(await readdir(join(root, "source/test/images"))).toEqual(["000000.png"]);
    }));

  it("shares no scene between splits and domains", async () => {
    const keys = domains.flatMap((domain) => [1, 2].map((seed) => makeScene(domain, seed, 0)));
    const maps = await Promise.all(keys.map((scene) => renderScene(scene, small)));
    expect(new Set(maps.map(({ label }) => digest(label))).size).toBe(4);
  });

  it("refuses a folder of another size, and a count of 0", () =>
    inTemporaryFolder(async (root) => {
      const options = { domain: "source", split: "train", count: 1 } as const;
      await makeStreets(root, { ...options, size: small });
      const other = ["streets.json", '"width":64', '"width":320'];
      await userError(makeStreets(root, options), "already-exists", ...other);
      for (const count of [0, 1.5, 9e15]) {
        await userError(makeStreets(root, { ...options, count }), "invalid-value", `${count}`);
      }
    }));

  it("redraws a picture that a pipe has replaced, and names a claim that is not a file", () =>
    inTemporaryFolder(async (root) => {
      const options = { domain: "source", split: "train", count: 1, size: small } as const;
      await makeStreets(root, options);
      const [label, claim] = ["labels/000000.png", "streets.json"].map((name) =>
        join(root, "source/train", name),
      ) as [string, string];
      for (const path of [label, claim]) {
        await rm(path);
        execFileSync("mkfifo", [path]);
      }
      await userError(makeStreets(root, options), "not-readable", claim);
      await rm(claim);
      await makeStreets(root, options);
      expect((await stat(label)).isFile()).toBe(true);
    }));
});
