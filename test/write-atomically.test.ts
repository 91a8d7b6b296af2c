import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import {
  copyAtomically,
  partFor,
  partOf,
  requireWritableFolder,
  writeAtomically,
  writeDurably,
} from "../src/write-atomically.js";
import { inTemporaryFolder } from "./datasets/fixtures.js";
import { userError } from "./user-error.js";

const bytes = (text: string) => new TextEncoder().encode(text);

describe("writeAtomically", () => {
  test("writes text or bytes, and creates the folder", () =>
    inTemporaryFolder(async (root) => {
      const path = join(root, "a", "b", "c.txt");
      writeAtomically(path, "one");
      expect(readFileSync(path, "utf8")).toBe("one");
      writeAtomically(path, bytes("two"));
      expect(readFileSync(path, "utf8")).toBe("two");
      expect(readdirSync(join(root, "a", "b"))).toEqual(["c.txt"]);
    }));

  test("leaves nothing behind if it fails, and names the file", () =>
    inTemporaryFolder(async (root) => {
      mkdirSync(join(root, "taken", "by"), { recursive: true });
      const [taken, inside] = [join(root, "taken"), join(root, "file", "a")];
      await userError(() => writeAtomically(taken, "text"), "not-writable", taken);
      writeFileSync(join(root, "file"), "");
      const error = await userError(() => writeAtomically(inside, "text"), "not-writable", inside);
      expect(error.message).toMatch(/ENOTDIR|EEXIST/);
      expect(readdirSync(root).sort()).toEqual(["file", "taken"]);
    }));
});

describe("copyAtomically", () => {
  test("copies a file, creates the folder, and leaves the old file if it fails", () =>
    inTemporaryFolder(async (root) => {
      writeFileSync(join(root, "from"), "one");
      const path = join(root, "a", "to");
      copyAtomically(join(root, "from"), path);
      expect(readFileSync(path, "utf8")).toBe("one");
      await userError(() => copyAtomically(join(root, "missing"), path), "not-writable", path);
      expect(readFileSync(path, "utf8")).toBe("one");
      expect(readdirSync(join(root, "a"))).toEqual(["to"]);
    }));
});

describe("writeDurably", () => {
  test("writes one part after the other under a temporary name", () =>
    inTemporaryFolder(async (root) => {
      const path = join(root, "a.bin");
      const seen: [string, string][] = [];
      function* parts() {
        for (const text of ["one ", "", "two"]) {
          yield bytes(text);
          expect(existsSync(path)).toBe(false);
          const [part] = readdirSync(root) as [string];
          seen.push([partOf(part) ?? part, readFileSync(join(root, part), "utf8")]);
        }
      }
      writeDurably(path, parts());
      expect(seen).toEqual([
        ["a.bin", "one "],
        ["a.bin", "one "],
        ["a.bin", "one two"],
      ]);
      expect(readdirSync(root)).toEqual(["a.bin"]);
      expect(readFileSync(path, "utf8")).toBe("one two");
    }));

  test("keeps the old file and removes its own if a part cannot be made", () =>
    inTemporaryFolder(async (root) => {
      const path = join(root, "a.bin");
      writeDurably(path, [bytes("old")]);
      function* failing() {
        yield bytes("half");
        throw new RangeError("no second part");
      }
      expect(() => writeDurably(path, failing())).toThrow(new RangeError("no second part"));
      expect(readdirSync(root)).toEqual(["a.bin"]);
      expect(readFileSync(path, "utf8")).toBe("old");
    }));

  test("does not create a folder", () =>
    inTemporaryFolder(async (root) => {
      const path = join(root, "none", "a.bin");
      await userError(() => writeDurably(path, []), "not-writable", path, "ENOENT");
      expect(readdirSync(root)).toEqual([]);
    }));
});

describe("requireWritableFolder", () => {
  test("refuses a folder whose path has a file in it", () =>
    inTemporaryFolder(async (root) => {
      const file = join(root, "file");
      writeFileSync(file, "one");
      for (const folder of [file, join(file, "a")]) {
        await userError(() => requireWritableFolder(folder), "not-writable", folder, "is a file");
      }
      expect(readFileSync(file, "utf8")).toBe("one");
    }));

  test("leaves nothing, and creates no folder", () =>
    inTemporaryFolder(async (root) => {
      for (const folder of [root, join(root, "a", "b")]) requireWritableFolder(folder);
      expect(readdirSync(root)).toEqual([]);
    }));
});

test("partOf recognises the names of partFor, which no two processes share", () => {
  const path = "step-0000200.safetensors";
  expect(partOf(partFor(path))).toBe(path);
  expect(partFor(path)).not.toBe(partFor(path));
  const others = ["", ".part", ".77.part", ".77-0123456.part", ".77-012345ab.part.txt"];
  for (const end of others) expect(partOf(`status.json${end}`)).toBeUndefined();
  expect(partOf(".77-012345ab.part")).toBeUndefined();
});
