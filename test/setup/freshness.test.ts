import {
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { dependenciesFresh } from "../../setup/dependencies.js";
import { fingerprint } from "../../setup/stamp.js";
import { compileTypeScript, distFresh, removeOrphans } from "../../setup/typescript.js";
import { inTemporaryFolder } from "../datasets/fixtures.js";

function write(path: string, content: unknown): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content));
}

describe("dependenciesFresh", () => {
  const wanted = {
    "": {},
    "node_modules/a": { version: "1.0.0" },
    "node_modules/b": { version: "2.0.0" },
    "node_modules/for-mac": { version: "1.0.0", optional: true },
  };
  const installed = {
    "node_modules/a": { version: "1.0.0" },
    "node_modules/b": { version: "2.0.0" },
  };
  const at = async (record: object | string | undefined) =>
    inTemporaryFolder(async (root) => {
      write(join(root, "package-lock.json"), { packages: wanted });
      if (record) write(join(root, "node_modules/.package-lock.json"), record);
      return dependenciesFresh(root);
    });

  test("is true if the packages of the lock file are installed, except those for other platforms", async () => {
    expect(await at({ packages: installed })).toBe(true);
  });

  test("is false if nothing is installed, a package is older or missing, or the record is incomplete", async () => {
    expect(await at(undefined)).toBe(false);
    const old = { ...installed, "node_modules/b": { version: "1.9.0" } };
    expect(await at({ packages: old })).toBe(false);
    expect(await at({ packages: { "node_modules/a": { version: "1.0.0" } } })).toBe(false);
    expect(await at('{"packages": {')).toBe(false);
  });

  test("is true for an installed package, which does not have a lock file", async () => {
    await inTemporaryFolder(async (root) => {
      expect(dependenciesFresh(root)).toBe(true);
      const nested = join(root, "node_modules/cfcontra");
      write(join(nested, "package-lock.json"), { packages: wanted });
      expect(dependenciesFresh(nested)).toBe(true);
    });
  });
});

describe("distFresh", () => {
  test("depends on the content of the sources, not their times", async () => {
    await inTemporaryFolder(async (root) => {
      expect(distFresh(root)).toBe(true); // a published package has no src/
      const file = join(root, "src/deep/a.ts");
      write(file, "export const a = 1;");
      write(join(root, "tsconfig.json"), "{}");
      expect(distFresh(root)).toBe(false);
      const sources = fingerprint(root, ["src", "tsconfig.json"]);
      write(join(root, "dist/.stamp.json"), { sources });
      expect(distFresh(root)).toBe(true);
      utimesSync(file, 1, 1);
      write(join(root, "src/.a.ts.swp"), "an editor's");
      expect(distFresh(root)).toBe(true);
      write(file, "export const a = 2;");
      expect(distFresh(root)).toBe(false);
      write(file, "export const a = 1;");
      write(join(root, "tsconfig.json"), "{ }");
      expect(distFresh(root)).toBe(false);
    });
  });
});

test("a compilation that found type errors is repeated, also for the sources before them", async () => {
  await inTemporaryFolder(async (root) => {
    symlinkSync(
      fileURLToPath(new URL("../../node_modules", import.meta.url)),
      join(root, "node_modules"),
    );
    const compilerOptions = { rootDir: "src", outDir: "dist", types: [] };
    write(join(root, "tsconfig.json"), { compilerOptions, include: ["src"] });
    const [file, whole] = [join(root, "src/a.ts"), "export const a: number = 1;"];
    write(file, whole);
    compileTypeScript(root, process.env);
    expect(distFresh(root)).toBe(true);
    write(file, 'export const a: number = "1";');
    expect(() => compileTypeScript(root, process.env)).toThrow("TypeScript found errors");
    expect(readFileSync(join(root, "dist/a.js"), "utf8")).toContain('"1"');
    write(file, whole);
    expect(distFresh(root)).toBe(false);
  });
});

test("removeOrphans deletes compiled files without sources, but no pages", async () => {
  await inTemporaryFolder(async (root) => {
    write(join(root, "src/here/a.ts"), "");
    const stay = ["here/a.js", "here/a.d.ts", "web/page/assets/index.js", ".tsbuildinfo"];
    const go = ["here/b.js", "here/b.d.ts", "gone/c.js"];
    for (const file of [...stay, ...go]) write(join(root, "dist", file), "");
    removeOrphans(root);
    const left = [...stay, ...go].filter((file) => existsSync(join(root, "dist", file)));
    expect(left).toEqual(stay);
  });
});

describe("fingerprint", () => {
  test("depends on names and contents", async () => {
    await inTemporaryFolder(async (root) => {
      const of = () => fingerprint(root, ["x", "missing"]);
      write(join(root, "x/a"), "12");
      write(join(root, "x/b"), "3");
      const first = of();
      expect(of()).toBe(first);
      write(join(root, "x/a"), "1");
      write(join(root, "x/b"), "23");
      expect(of()).not.toBe(first);
      write(join(root, "x/a"), "12");
      rmSync(join(root, "x/b"));
      write(join(root, "x/c"), "3");
      expect(of()).not.toBe(first);
    });
  });
});
