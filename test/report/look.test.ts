import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { DARK, LIGHT, lineColors } from "../../src/report/page/palette.js";

test("the pages of web/ have the report's colours, light and dark", () => {
  const css = readFileSync("web/look.css", "utf8");
  const block = (selector: string) => {
    const at = css.indexOf(selector);
    expect(at, selector).toBeGreaterThan(-1);
    const text = css.slice(at, css.indexOf("}", at));
    return Object.fromEntries(
      [...text.matchAll(/--([\w-]+): (#[0-9a-f]{6});/g)].map(([, name, value]) => [name, value]),
    );
  };
  expect(block(":root {")).toEqual(LIGHT);
  expect(block(':root:not([data-theme="light"])')).toEqual(DARK);
  expect(block(':root[data-theme="dark"]')).toEqual(DARK);
});

test("the source is blue and the target orange, wherever they stand", () => {
  const [blue, orange] = ["var(--line-0)", "var(--line-1)"];
  expect(lineColors(["target", "source", "night"])).toEqual([orange, blue, "var(--line-2)"]);
  expect(lineColors(["val"])).toEqual([blue]);
});
