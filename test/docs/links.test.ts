import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { inlineCode, PAGES, withoutBlocks } from "./markdown.js";

const made = readdirSync("docs/api").map((name) => `docs/api/${name}`);
/** Every page without its code. */
const texts = new Map([
  ...[...PAGES.keys()].map((page) => [page, withoutBlocks(page)] as const),
  ...made.map((page) => {
    const text = readFileSync(page, "utf8");
    return [page, text.replace(/^```[\s\S]*?^```/gm, "")] as const;
  }),
]);

/** The anchors of the headings of a page, as on a forge. */
function anchors(page: string): Set<string> {
  const seen = new Map<string, number>();
  const found = new Set<string>();
  for (const [, heading = ""] of (texts.get(page) as string).matchAll(/^#+ +(.*)$/gm)) {
    const slug = heading
      .replace(/\[([^\]]*)\]\([^)]*\)/g, "$1")
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\- _]/gu, "")
      .replaceAll(" ", "-");
    const times = seen.get(slug) ?? 0;
    seen.set(slug, times + 1);
    found.add(times === 0 ? slug : `${slug}-${times}`);
  }
  return found;
}

/** The broken links of a page. */
function brokenLinks(page: string): string[] {
  const links = [...(texts.get(page) as string).matchAll(/\]\(([^)\s]+)\)/g)];
  return links.flatMap(([, link = ""]) => {
    if (/^https?:/.test(link)) return [];
    const [path = "", anchor] = link.split("#");
    const target = path === "" ? page : join(dirname(page), path);
    if (!existsSync(target)) return [`${page}: ${link} does not exist`];
    if (anchor === undefined || (texts.has(target) && anchors(target).has(anchor))) return [];
    return [`${page}: the heading of ${link} does not exist`];
  });
}

describe("links lead to existing files and headings", () => {
  test.each([...texts.keys()])("%s", (page) => {
    expect(brokenLinks(page)).toEqual([]);
  });
});

/** Files that a page asks the reader to write. */
const YET_TO_BE_WRITTEN = ["src/methods/infomax.ts", "src/network/vgg16.ts"];
const FILE = /^(src|test|docs|bench|presets|setup|web|examples|binding|bin)\/[\w./-]*$/;

describe("files that a page names exist", () => {
  test.each([...PAGES.keys()])("%s", (page) => {
    const missing = inlineCode(page)
      .filter((code) => FILE.test(code) && !YET_TO_BE_WRITTEN.includes(code))
      .filter((path) => !existsSync(path) || path.endsWith("/") !== statSync(path).isDirectory());
    expect(missing).toEqual([]);
  });
});

test("every page is linked from another", () => {
  const linked = new Set(
    [...texts].flatMap(([page, text]) =>
      [...text.matchAll(/\]\(([^)#\s]+)/g)].map(([, to]) => join(dirname(page), to as string)),
    ),
  );
  const lonely = [...PAGES.keys()].filter((page) => page.startsWith("docs/") && !linked.has(page));
  expect(lonely).toEqual([]);
});
