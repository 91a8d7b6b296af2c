import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, posix } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

/** The folders of src/ in the order data flows: imports go to earlier ones, or stay at home. */
const ORDER = [
  "torch",
  "nn",
  "datasets",
  "style",
  "network",
  "contrast",
  "entropy",
  "methods",
  "train",
  "evaluate",
  "serving",
  "export",
  "report",
  "experiment",
  "dashboard",
  "cli",
];
/** These meet in methods/ and nowhere else. */
const APART = ["style", "network", "contrast", "entropy"];
const BANNED = ["utils", "common", "helpers", "misc", "core", "base", "manager"];
/** Files outside the folders, which import none of them. */
const ROOT_FILES = [
  "checked.ts",
  "errors.ts",
  "missing-path.ts",
  "nearest-word.ts",
  "printable.ts",
  "read-json.ts",
  "regular-file.ts",
  "version.ts",
  "write-atomically.ts",
];
const LONGEST = 400;

interface Import {
  /** A path below src/ with its .ts ending; "../…" where it leaves src/; a package's name. */
  readonly to: string;
  /** Gone once compiled. */
  readonly typeOnly: boolean;
}

/** Source texts by path below src/. */
type Sources = ReadonlyMap<string, string>;

const STATEMENT = /^(?:import|export)\s+(type\s+)?(?:([^"';]*?)\s*from\s*)?"([^"]+)"/gm;
const DYNAMIC = /\bimport\(\s*"([^"]+)"\s*\)/g;

/** What a file imports or exports from elsewhere, `import("…")` included. */
function importsOf(path: string, text: string): Import[] {
  const resolve = (to: string) =>
    to.startsWith(".") ? posix.join(dirname(path), to).replace(/\.js$/, ".ts") : to;
  const found: Import[] = [];
  for (const [, type, names = "", to = ""] of text.matchAll(STATEMENT)) {
    const listed = /^\{([^}]*)\}$/.exec(names)?.[1]?.split(",") ?? ["*"];
    const onlyTypes = listed.every((name) => name.trim() === "" || /^\s*type\s/.test(name));
    found.push({ to: resolve(to), typeOnly: type !== undefined || onlyTypes });
  }
  for (const [, to = ""] of text.matchAll(DYNAMIC)) {
    found.push({ to: resolve(to), typeOnly: false });
  }
  return found;
}

const folderOf = (path: string) => (path.includes("/") ? (path.split("/")[0] as string) : "");

/** A sentence for every import that the layout forbids. */
function forbiddenImports(sources: Sources): string[] {
  const faults: string[] = [];
  for (const [path, text] of sources) {
    const from = folderOf(path);
    if (path === "index.ts") continue;
    if (from !== "" && !ORDER.includes(from))
      faults.push(`${path}: src/${from} is not in the order`);
    if (from !== "torch" && text.includes("torch.node")) faults.push(`${path} names the addon`);
    for (const { to, typeOnly } of importsOf(path, text)) {
      const say = (why: string) => faults.push(`${path} imports ${to}: ${why}`);
      if (to.startsWith("..")) say("it leaves src/");
      else if (to === "index.ts") say("the index is for users");
      else if (to.endsWith(".ts") && !ROOT_FILES.includes(to)) {
        const into = folderOf(to);
        if (from === "") say("a file outside the folders may import none of them");
        else if (ORDER.indexOf(into) > ORDER.indexOf(from)) say(`${into} comes after ${from}`);
        if (from !== into && APART.includes(from) && APART.includes(into)) {
          say(`${from} and ${into} meet in methods`);
        }
        if (from === "train" && into === "methods" && !(to === "methods/method.ts" && typeOnly)) {
          say("train knows of methods only the type");
        }
      }
    }
  }
  return faults;
}

/** The files that one file loads when it runs, itself included. */
function loadedBy(sources: Sources, path: string, seen = new Set<string>()): Set<string> {
  const text = sources.get(path);
  if (seen.has(path) || text === undefined) return seen;
  seen.add(path);
  for (const { to, typeOnly } of importsOf(path, text)) {
    if (!typeOnly) loadedBy(sources, to, seen);
  }
  return seen;
}

/** These run without libtorch: the dashboard, and what uses exported models. */
const WITHOUT_TORCH =
  /^dashboard\/|^serving\/|^export\/(open-model|segmenter|pixels|model-info)\.ts|^report\/(image-files\.ts|predictions\/|video\/)/;

/** Files that load torch, be it through others, and must not. */
function wronglyLoadingTorch(sources: Sources): string[] {
  return [...sources.keys()]
    .filter((path) => WITHOUT_TORCH.test(path))
    .filter((path) => [...loadedBy(sources, path)].some((file) => folderOf(file) === "torch"));
}

/** Circles of files that import each other, even if only for types. */
function circles(sources: Sources): string[] {
  const imports = new Map(
    [...sources].map(([path, text]) => [path, importsOf(path, text).map(({ to }) => to)]),
  );
  const reach = new Map<string, Set<string>>();
  for (const path of sources.keys()) {
    const reached = new Set<string>();
    const visit = (from: string) => {
      for (const to of imports.get(from) ?? []) {
        if (reached.has(to) || !sources.has(to)) continue;
        reached.add(to);
        visit(to);
      }
    };
    visit(path);
    reach.set(path, reached);
  }
  const found = new Set<string>();
  for (const [path, reached] of reach) {
    const circle = [...reached].filter((other) => reach.get(other)?.has(path)).sort();
    if (circle.length > 0) found.add(circle.join(", "));
  }
  return [...found];
}

/** Files below src/ that a page loads, be it through others, and that no browser can run. */
function notForPages(sources: Sources): string[] {
  const pages = [...sources.keys()].filter((path) => path.startsWith("web/"));
  const loaded = new Set(pages.flatMap((path) => [...loadedBy(sources, path)]));
  return [...loaded].filter((path) =>
    importsOf(path, sources.get(path) ?? "").some(
      ({ to, typeOnly }) => !typeOnly && (to.startsWith("node:") || to.startsWith("src/torch/")),
    ),
  );
}

const root = fileURLToPath(new URL("..", import.meta.url));

/** Files below a folder of the checkout, as posix paths relative to it; none if it is not there. */
function filesBelow(folder: string): string[] {
  try {
    return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => posix.relative(join(root, folder), join(entry.parentPath, entry.name)));
  } catch {
    return [];
  }
}

const sourcesOf = (folder: string): Sources =>
  new Map(
    filesBelow(folder)
      .filter((path) => path.endsWith(".ts"))
      .map((path) => [path, readFileSync(join(root, folder, path), "utf8")]),
  );
const sources = sourcesOf("src");
/** Those of the pages too; by path below the checkout. */
const everything: Sources = new Map(
  ["src", "web"].flatMap((folder) =>
    [...sourcesOf(folder)].map(([path, text]): [string, string] => [`${folder}/${path}`, text]),
  ),
);

describe("src/", () => {
  test("is there", () => {
    expect(sources.size).toBeGreaterThan(80);
    const imports = [...sources].flatMap(([path, text]) => importsOf(path, text));
    const missing = imports.filter(({ to }) => to.endsWith(".ts") && !sources.has(to));
    expect(missing).toEqual([]);
  });

  test("imports go to earlier folders only", () => {
    expect(forbiddenImports(sources)).toEqual([]);
  });

  test("the dashboard and exported models run without libtorch", () => {
    const found = [...sources.keys()].filter((path) => WITHOUT_TORCH.test(path));
    expect(found.length).toBeGreaterThan(4);
    expect(wronglyLoadingTorch(sources)).toEqual([]);
  });

  test("pages load nothing that needs Node", () => {
    expect([...everything.keys()].filter((path) => path.startsWith("web/")).length).toBeGreaterThan(
      30,
    );
    expect(notForPages(everything)).toEqual([]);
  });

  test("no files import each other in a circle, not even for types", () => {
    expect(circles(everything)).toEqual([]);
  });

  test(`no file is longer than ${LONGEST} lines`, () => {
    const long = [...everything]
      .map(([path, text]) => `${path}: ${text.trimEnd().split("\n").length}`)
      .filter((line) => Number(line.split(": ")[1]) > LONGEST);
    expect(long).toEqual([]);
  });

  test("no folder is a drawer for odds and ends", () => {
    const places = ["src", "test", "setup", "release", "binding", "bench", "web", "examples"];
    const banned = places.flatMap((place) =>
      filesBelow(place).filter((path) =>
        path
          .replace(/^gloo\/common\//, "") // in binding/: the place where c10d's header looks
          .split("/")
          .slice(0, -1)
          .some((folder) => BANNED.includes(folder)),
      ),
    );
    expect(banned).toEqual([]);
  });
});

describe("the rules above notice", () => {
  const check = (files: Record<string, string>) => forbiddenImports(new Map(Object.entries(files)));

  test.each([
    ["a later folder", "nn/a.ts", `import { x } from "../datasets/b.js";`],
    ["a later folder, as a type", "nn/a.ts", `import type { X } from "../train/b.js";`],
    ["a later folder, re-exported", "torch/a.ts", `export * from "../nn/b.js";`],
    ["a later folder, over several lines", "nn/a.ts", `import {\n  x,\n} from "../datasets/b.js";`],
    ["a later folder, lazily", "report/a.ts", `const f = () => import("../cli/b.js");`],
    ["a later folder, for its effects", "nn/a.ts", `import "../cli/b.js";`],
    ["a sibling", "contrast/a.ts", `import { x } from "../network/b.js";`],
    ["a concrete method in train", "train/a.ts", `import type { M } from "../methods/minent.js";`],
    ["a method's value in train", "train/a.ts", `import { m } from "../methods/method.js";`],
    ["the index", "cli/a.ts", `import { x } from "../index.js";`],
    ["a way out of src", "torch/a.ts", `import { x } from "../../setup/say.js";`],
    ["the addon", "nn/a.ts", `require("../../build/torch.node");`],
    ["an unknown folder", "extra/a.ts", `export const x = 1;`],
    ["a root file with imports", "errors.ts", `import { x } from "./nn/b.js";`],
  ])("%s", (_, path, text) => {
    expect(check({ [path]: text })).toHaveLength(1);
  });

  test("and allow what is in order", () => {
    const files = {
      "torch/a.ts": `import { UserError } from "../errors.js";\nload("torch.node");`,
      "train/a.ts": `import type { Method } from "../methods/method.js";\nimport { z } from "zod";`,
      "cli/a.ts": `import {\n  type X,\n  y,\n} from "../torch/a.js";\nimport { b } from "./b.js";`,
      "index.ts": `export * from "./cli/a.js";`,
    };
    expect(check(files)).toEqual([]);
  });

  test("torch below the dashboard, through other files, but not through types", () => {
    const files = new Map([
      ["dashboard/a.ts", `import { x } from "../report/b.js";`],
      ["dashboard/c.ts", `import type { T } from "../torch/t.js";`],
      ["report/b.ts", `export { x } from "../torch/t.js";`],
      ["torch/t.ts", ""],
    ]);
    expect(wronglyLoadingTorch(files)).toEqual(["dashboard/a.ts"]);
  });

  test("what only Node has below a page, through other files, but not through types", () => {
    const files = new Map([
      ["web/a.ts", `import { x } from "../src/report/b.js";`],
      ["web/c.ts", `import type { T } from "../src/report/d.js";`],
      ["src/report/b.ts", `import { y } from "./e.js";`],
      ["src/report/d.ts", `import { readFileSync } from "node:fs";`],
      ["src/report/e.ts", `import { join } from "node:path";`],
      ["src/report/f.ts", `import { join } from "node:path";`],
    ]);
    expect(notForPages(files)).toEqual(["src/report/e.ts"]);
  });

  test("circles, those of types too", () => {
    const files = new Map([
      ["nn/a.ts", `import { b } from "./b.js";`],
      ["nn/b.ts", `import { c } from "./c.js";`],
      ["nn/c.ts", `import { a } from "./a.js";`],
      ["nn/d.ts", `import { type A } from "./e.js";`],
      ["nn/e.ts", `import { d } from "./d.js";\nimport { a } from "./a.js";`],
      ["nn/f.ts", `import { a } from "./a.js";`],
    ]);
    expect(circles(files)).toEqual(["nn/a.ts, nn/b.ts, nn/c.ts", "nn/d.ts, nn/e.ts"]);
  });
});
