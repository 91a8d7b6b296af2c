import { spawnSync } from "node:child_process";
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test, vi } from "vitest";
import { releasedChangelog } from "../../release/changelog.js";
import { release } from "../../release/release.js";
import { nextVersion } from "../../release/version.js";
import { inTemporaryFolder } from "../datasets/fixtures.js";

const checkout = fileURLToPath(new URL("../..", import.meta.url));

describe("nextVersion", () => {
  test.each([
    ["1.2.3", "patch", "1.2.4"],
    ["1.2.3", "minor", "1.3.0"],
    ["1.2.3", "major", "2.0.0"],
    ["1.9.9", "1.10.0", "1.10.0"],
    ["0.1.0", "0.1.0", "0.1.0"],
  ])("%s, %s -> %s", (current, wanted, next) => {
    expect(nextVersion(current, wanted)).toBe(next);
  });

  test.each([
    ["1.2.3", "1.2.2", /1\.2\.2 is older than 1\.2\.3/],
    ["1.10.0", "1.9.9", /1\.9\.9 is older than 1\.10\.0/],
    ["1.2.3", "v1.2.4", /v1\.2\.4 is not a version: .*X\.Y\.Z/],
    ["1.2.3", "1.2", /not a version/],
    ["1.2.3", "1.2.04", /not a version/],
    ["1.2.3", "constructor", /not a version/],
  ])("%s, %s is refused", (current, wanted, message) => {
    expect(() => nextVersion(current, wanted)).toThrow(message);
  });
});

describe("releasedChangelog", () => {
  const text = "# Changelog\n\n## Unreleased\n\n- New.\n\n## 0.1.0 - 2026-01-01\n\n- First.\n";

  test("moves unreleased changes to the version, below a new empty section", () => {
    expect(releasedChangelog(text, "0.2.0", "2026-03-04")).toBe(
      "# Changelog\n\n## Unreleased\n\n## 0.2.0 - 2026-03-04\n\n- New.\n\n## 0.1.0 - 2026-01-01\n\n- First.\n",
    );
  });

  test("refuses a release without changes, and an existing one", () => {
    const released = releasedChangelog(text, "0.2.0", "2026-03-04");
    const empty = /CHANGELOG\.md: .*"## Unreleased" is empty; .*0\.3\.0/;
    expect(() => releasedChangelog(released, "0.3.0", "2026-03-05")).toThrow(empty);
    expect(() => releasedChangelog("# Changelog\n", "0.3.0", "2026-03-05")).toThrow(empty);
    const existing = /CHANGELOG\.md already .*0\.1\.0/;
    expect(() => releasedChangelog(text, "0.1.0", "2026-03-05")).toThrow(existing);
  });
});

describe("release", () => {
  const FILES = ["package.json", "package-lock.json", "CHANGELOG.md"];

  interface Clone {
    readonly root: string;
    git(...args: string[]): string;
    /** The version in each file of the working tree. */
    versions(): (string | undefined)[];
    /** Runs a release whose slow steps record the versions that they see. */
    attempt(wanted: string, changes?: object): { seen: string[]; result: object };
  }

  /** A git repository with the files that a release changes. */
  const inClone = (use: (clone: Clone) => void) =>
    inTemporaryFolder(async (root) => {
      for (const name of FILES) copyFileSync(join(checkout, name), join(root, name));
      writeFileSync(join(root, "CHANGELOG.md"), "# Changelog\n\n## Unreleased\n\n- New.\n");
      const git = (...args: string[]) => {
        const identity = ["-c", "user.name=A", "-c", "user.email=a@example.org"];
        const all = [...identity, "-c", "commit.gpgsign=false", ...args];
        const { status, stdout, stderr } = spawnSync("git", all, { cwd: root, encoding: "utf8" });
        expect([status, stderr]).toEqual([0, expect.anything()]);
        return stdout.trim();
      };
      git("init", "--quiet", "-b", "main");
      git("config", "user.name", "A");
      git("config", "user.email", "a@example.org");
      git("add", ".");
      git("commit", "--quiet", "-m", "Start");
      const json = (name: string) => JSON.parse(readFileSync(join(root, name), "utf8"));
      const versions = () => [
        json("package.json").version,
        json("package-lock.json").version,
        json("package-lock.json").packages[""].version,
        /^## (\d\S*)/m.exec(readFileSync(join(root, "CHANGELOG.md"), "utf8"))?.[1],
      ];
      const attempt: Clone["attempt"] = (wanted, changes = {}) => {
        const seen: string[] = [];
        const step = (name: string) => () => {
          seen.push(`${name} ${versions()}`);
          return `${name}.tgz`;
        };
        const steps = { check: step("check"), pack: step("pack"), tryPackage: step("try") };
        const { steps: own, ...rest } = changes as { steps?: object };
        const given = { root, wanted, today: "2026-03-04", say: () => {}, ...rest };
        return { seen, result: release({ ...given, steps: { ...steps, ...own } }) };
      };
      use({ root, git, versions, attempt });
    });

  test("writes the version and the date, then checks, packs and tests; does not commit", async () => {
    await inClone(({ git, versions, attempt }) => {
      const { seen, result } = attempt("9.0.0");
      expect(seen).toEqual(
        ["check", "pack", "try"].map((name) => `${name} 9.0.0,9.0.0,9.0.0,9.0.0`),
      );
      expect(result).toEqual({ version: "9.0.0", tarball: "pack.tgz" });
      expect(versions()).toEqual(["9.0.0", "9.0.0", "9.0.0", "9.0.0"]);
      expect(git("tag")).toBe("");
      expect(git("log", "--format=%s")).toBe("Start");
      const changes = git("diff", "--numstat")
        .split("\n")
        .map((line) => line.split("\t").map(Number));
      const lines = (column: number) => changes.reduce((sum, each) => sum + (each[column] ?? 0), 0);
      expect([changes.length, lines(0), lines(1)]).toEqual([3, 5, 3]); // files, added, removed
    });
  });

  test("with commit, commits and tags; the next release needs changes and another tag", async () => {
    await inClone(({ git, attempt }) => {
      attempt("9.0.0", { commit: true });
      expect(git("log", "--format=%s")).toBe("Release 9.0.0\nStart");
      expect(git("describe")).toBe("v9.0.0");
      expect(git("status", "--porcelain")).toBe("");
      expect(() => attempt("9.0.0")).toThrow(/the tag v9\.0\.0 already exists/);
      expect(() => attempt("patch")).toThrow(/CHANGELOG\.md: .*"## Unreleased" is empty/);
    });
  });

  test.each(["check", "pack", "tryPackage"])(
    "if %s fails, all files are restored",
    async (step) => {
      await inClone(({ git, attempt }) => {
        const fail = () => {
          throw new Error(`${step} failed`);
        };
        const steps = { [step]: fail };
        expect(() => attempt("minor", { steps, commit: true })).toThrow(`${step} failed`);
        expect(git("status", "--porcelain")).toBe("");
        expect(git("tag")).toBe("");
      });
    },
  );

  test("refuses a tree with changes, new files included, before anything else", async () => {
    await inClone(({ root, versions, attempt }) => {
      const before = versions();
      writeFileSync(join(root, "notes.txt"), "");
      const check = vi.fn();
      expect(() => attempt("patch", { steps: { check } })).toThrow(
        /the working tree has changes: commit or stash them first\.\n\?\? notes\.txt/,
      );
      expect(check).not.toHaveBeenCalled();
      expect(versions()).toEqual(before);
    });
  });

  test("from the command line, what is not a release prints how to ask for one", () => {
    for (const args of [[], ["patch", "minor"], ["patch", "--publish"]]) {
      const { status, stderr } = spawnSync(
        process.execPath,
        [join(checkout, "release/main.js"), ...args],
        { encoding: "utf8" },
      );
      expect([status, stderr]).toEqual([
        2,
        expect.stringMatching(/^npm run release -- patch\|minor\|major\|X\.Y\.Z/),
      ]);
    }
  });
});
