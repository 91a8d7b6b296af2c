import { XMLParser } from "fast-xml-parser";
import { describe, expect, it, vi } from "vitest";
import { userError } from "../../user-error.js";
import { inTemporaryFolder } from "../fixtures.js";
import { drawn, file, images, open } from "./export.js";

/** An export as "CVAT for images 1.1". */
const cvat = (content: string, version = "1.1") => `<?xml version="1.0" encoding="utf-8"?>
<annotations>
  <version>${version}</version>
  <meta>
    <job>
      <id>7</id>
      <labels>
        <label>
          <name>car &amp; van</name>
          <color>#fa3253</color>
          <type>any</type>
          <attributes>
            <attribute><name>occluded</name><values></values></attribute>
          </attributes>
        </label>
        <label>
          <name>lane</name>
          <color>#32b7fa</color>
          <type>any</type>
          <attributes>
          </attributes>
        </label>
      </labels>
    </job>
    <dumped>2025-01-01 00:00:00+00:00</dumped>
  </meta>
${content}
</annotations>
`;
const image = (name: string, shapes = "", size = 'width="8" height="6"') =>
  shapes === ""
    ? `  <image id="0" name="${name}" ${size}>\n  </image>`
    : `  <image id="0" name="${name}" ${size}>\n${shapes}\n  </image>`;
const shape = (tag: string, attributes: string, label = "car &amp; van") =>
  `    <${tag} label="${label}" source="manual" occluded="0" ${attributes}>\n      ` +
  `<attribute name="occluded">no</attribute>\n    </${tag}>`;
const unlabelled = "ignore";

describe("cvat-xml", () => {
  it("draws polygons, boxes, ellipses and masks from the lowest z_order to the highest", () =>
    inTemporaryFolder(async (root) => {
      await images(root, "images/a.png");
      const shapes = [
        shape("polygon", 'points="0.00,0.00;8.00,0.00;8.00,2.00;0.00,2.00" z_order="1"'),
        shape("box", 'xtl="0.00" ytl="1.00" xbr="4.00" ybr="4.00" z_order="0"', "lane"),
        shape("mask", 'rle="1, 1, 1, 3" left="5" top="3" width="3" height="2" z_order="0"', "lane"),
        shape("ellipse", 'cx="1.50" cy="4.50" rx="0.90" ry="0.90" z_order="0"'),
        '    <tag label="lane" source="manual">\n    </tag>',
      ];
      await file(root, "annotations.xml", cvat(image("a.png", shapes.join("\n"))));
      const dataset = await open("cvat-xml", root, { unlabelled });
      expect(dataset.classes).toEqual({
        names: ["car & van", "lane"],
        colors: [
          [0xfa, 0x32, 0x53],
          [0x32, 0xb7, 0xfa],
        ],
      });
      expect(await drawn(dataset)).toEqual([
        "aaaaaaaa",
        "aaaaaaaa",
        "bbbb....",
        "bbbb..b.",
        ".a...bbb",
        "........",
      ]);
    }));

  it("reads escaped names, images of one name in two folders, and images without shapes", () =>
    inTemporaryFolder(async (root) => {
      const names = ["images/day/a & b.png", "images/night/a & b.png", "images/Straße #1.png"];
      await images(root, ...names);
      const whole = shape("box", 'xtl="0" ytl="0" xbr="8" ybr="6" z_order="0"', "lane");
      const content = [
        image("day/a &amp; b.png"),
        image("night/a &amp; b.png", whole),
        image("Stra&#223;e #1.png"),
      ];
      await file(root, "annotations.xml", cvat(content.join("\n")));
      const dataset = await open("cvat-xml", root, {
        unlabelled: "lane",
        mapping: { lane: "car & van" },
        classes: ["lane", "car & van"],
      });
      expect(dataset.names).toEqual(["day/a & b", "night/a & b", "Straße #1"]);
      const first = [0, 1, 2].map(async (index) => (await drawn(dataset, index))[0]);
      expect(await Promise.all(first)).toEqual(["aaaaaaaa", "bbbbbbbb", "aaaaaaaa"]);
    }));

  it("leaves out labels of whole images, and colours that labels share", () =>
    inTemporaryFolder(async (root) => {
      await images(root, "images/a.png");
      const label = (name: string, color: string, type: string) =>
        `<label><name>${name}</name><color>${color}</color><type>${type}</type></label>`;
      const labels = [
        ...[label("Straße", "#112233", "any"), label("Gebäude", "#445566", "polygon")],
        ...[label("Bäume & Büsche", "#445566", "any"), label("Nacht", "#778899", "tag")],
      ];
      const meta = `<labels>${labels.join("").replace("&", "&amp;")}</labels>`;
      const tag = '<tag label="Nacht" source="manual"></tag>';
      const text = cvat(image("a.png", tag)).replace(/<labels>[\s\S]*<\/labels>/, meta);
      await file(root, "annotations.xml", text);
      const { classes } = await open("cvat-xml", root, { unlabelled });
      expect(classes.names).toEqual(["Straße", "Gebäude", "Bäume & Büsche"]);
      expect(classes.colors[0]).toEqual([0x11, 0x22, 0x33]);
      expect(new Set(classes.colors.map(String)).size).toBe(3);
    }));

  it("decodes the file once", () =>
    inTemporaryFolder(async (root) => {
      await images(root, "images/a.png", "images/b.png");
      const parse = vi.spyOn(XMLParser.prototype, "parse");
      await file(root, "annotations.xml", cvat([image("a.png"), image("b.png")].join("\n")));
      const dataset = await open("cvat-xml", root, { unlabelled });
      for (const index of [0, 1, 0]) expect((await drawn(dataset, index))[0]).toBe("........");
      expect(parse).toHaveBeenCalledTimes(1);
      parse.mockRestore();
    }));

  it("names what is wrong", () =>
    inTemporaryFolder(async (root) => {
      const opened = () => open("cvat-xml", root, { unlabelled });
      await images(root, "images/a.png");
      await userError(opened(), "dataset-layout", "annotations.xml");
      const write = (text: string) => file(root, "annotations.xml", text);
      await write(cvat(image("a.png"), "1.0"));
      await userError(opened(), "unsupported-file", "1.0", "1.1");
      await write(cvat('  <track id="0" label="lane" source="manual">\n  </track>'));
      await userError(opened(), "unsupported-file", "CVAT for video");
      await write("<annotations><version>1.1</version>");
      await userError(opened(), "damaged-file", "annotations.xml");
      await write("<annotation></annotation>");
      await userError(opened(), "unsupported-file", "<annotations>");
      await write(cvat(image("a.png", shape("polygon", 'points="0,0;1,1;2,0"', "sky"))));
      await userError(opened(), "class-mismatch", "a.png", '"sky"', "car & van, lane");
      await write(cvat(image("a.png", shape("polyline", 'points="0,0;1,1;2,0"'))));
      await userError(opened(), "unsupported-file", "a.png", "polyline");
      await write(cvat(image("a.png", shape("polygon", 'points="0,0;1;2,0"'))));
      await userError(opened(), "damaged-file", "a.png");
      const mask = 'rle="3, 4" left="5" top="3" width="3" height="2"';
      await write(cvat(image("a.png", shape("mask", mask))));
      await userError(opened(), "label-size", "a.png", "7 pixels", "3x2");
      await write(cvat(image("a.png", "", 'width="6" height="8"')));
      await userError((await opened()).load(0), "label-size", "6x8", "8x6");
      await write(cvat([image("a.png"), image("gone.png")].join("\n")));
      await userError(opened(), "unpaired-files", "gone.png");
    }));

  it("does not expand entities without bound", () =>
    inTemporaryFolder(async (root) => {
      await images(root, "images/a.png");
      const lol = Array.from(
        { length: 9 },
        (_, i) => `<!ENTITY e${i + 1} "${`&e${i};`.repeat(10)}">`,
      );
      const bomb = cvat(image("a.png", shape("polygon", 'points="&e9;"'))).replace(
        "<annotations>",
        `<!DOCTYPE a [<!ENTITY e0 "0,0;">${lol.join("")}]>\n<annotations>`,
      );
      await file(root, "annotations.xml", bomb);
      await expect(open("cvat-xml", root, { unlabelled })).rejects.toThrow("annotations.xml");
    }));
});
