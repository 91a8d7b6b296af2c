import { deflateSync } from "node:zlib";
import { encode } from "fast-png";
import { describe, expect, it } from "vitest";
import { userError } from "../../user-error.js";
import { inTemporaryFolder } from "../fixtures.js";
import { drawn, file, images, open } from "./export.js";

const object = (classTitle: string, geometryType: string, geometry: object) => ({
  id: 1,
  classId: 2,
  description: "",
  geometryType,
  tags: [],
  classTitle,
  ...geometry,
});
const annotation = (...objects: readonly object[]) => ({
  description: "",
  tags: [],
  size: { height: 6, width: 8 },
  objects,
});
const outer = [
  [0, 0],
  [8, 0],
  [8, 4],
  [0, 4],
];
const frame = object("car", "polygon", {
  points: {
    exterior: outer,
    interior: [
      [
        [2, 1],
        [6, 1],
        [6, 3],
        [2, 3],
      ],
    ],
  },
});

async function write(root: string, a: object, b: object = annotation()) {
  await images(root, "drive 1/img/a.png", "drive 2/img/a.png");
  await file(root, "drive 1/ann/a.png.json", a);
  await file(root, "drive 2/ann/a.png.json", b);
  await file(root, "meta.json", {
    classes: [
      { title: "car", shape: "polygon", color: "#9013FE", geometry_config: {} },
      { title: "lane", shape: "bitmap", color: "#0000FF", geometry_config: {} },
    ],
    tags: [],
    projectType: "images",
  });
}

/** A mask as Supervisely stores it: a palette PNG, deflated, as base64. */
function bitmap(rows: readonly string[], origin: readonly [number, number]) {
  const data = Uint8Array.from(rows.join(""), (letter) => (letter === "#" ? 1 : 0));
  const palette = [
    [0, 0, 0],
    [255, 255, 255],
  ];
  const shape = {
    width: rows[0]?.length ?? 0,
    height: rows.length,
    channels: 1,
    depth: 8,
  } as const;
  const png = encode({ ...shape, data, palette });
  return { bitmap: { data: deflateSync(png).toString("base64"), origin } };
}

describe("supervisely", () => {
  it("draws polygons with holes, rectangles and bitmaps, of images of one name in two folders", () =>
    inTemporaryFolder(async (root) => {
      const lane = object("lane", "bitmap", bitmap(["##", "#."], [7, 4]));
      const box = object("lane", "rectangle", {
        points: {
          exterior: [
            [0, 5],
            [3, 6],
          ],
          interior: [],
        },
      });
      await write(root, annotation(frame, lane, box));
      const dataset = await open("supervisely", root, { unlabelled: "ignore" });
      expect(dataset.names).toEqual(["drive 1/a", "drive 2/a"]);
      expect(dataset.classes.colors).toEqual([
        [0x90, 0x13, 0xfe],
        [0, 0, 255],
      ]);
      expect(await drawn(dataset, 0)).toEqual([
        "aaaaaaaa",
        "aa....aa",
        "aa....aa",
        "aaaaaaaa",
        ".......b",
        "bbb....b",
      ]);
      expect(await drawn(dataset, 1)).toEqual(Array(6).fill("........"));
    }));

  it("reads data sets in data sets", () =>
    inTemporaryFolder(async (root) => {
      await write(root, annotation());
      await images(root, "drive 1/datasets/rain/img/a.png");
      await file(root, "drive 1/datasets/rain/ann/a.png.json", annotation(frame));
      const dataset = await open("supervisely", root, { unlabelled: "ignore" });
      expect(dataset.names).toEqual(["drive 1/a", "drive 1/datasets/rain/a", "drive 2/a"]);
      expect((await drawn(dataset, 1))[1]).toBe("aa....aa");
    }));

  it("names what is wrong", () =>
    inTemporaryFolder(async (root) => {
      const opened = () => open("supervisely", root, { unlabelled: "ignore" });
      await userError(opened(), "dataset-layout", "meta.json");
      await write(root, annotation({ ...frame, classTitle: "sky" }));
      await userError(opened(), "class-mismatch", "a.png.json", '"sky"', "car, lane");
      await write(root, annotation({ ...frame, geometryType: "point" }));
      await userError(opened(), "unsupported-file", "objects[0]", "point");
      await write(root, { ...annotation(), size: { height: 8, width: 6 } });
      await userError((await opened()).load(0), "label-size", "6x8", "8x6");
      const damaged = { bitmap: { data: "AAAA", origin: [0, 0] } };
      await write(root, annotation(object("lane", "bitmap", damaged)));
      await userError((await opened()).load(0), "label-unreadable", "a.png.json");
      await write(root, annotation());
      await file(root, "drive 1/ann/b.png.json", annotation());
      await userError(opened(), "unpaired-files", "drive 1/b.png");
    }));
});
