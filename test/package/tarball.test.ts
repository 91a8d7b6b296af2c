import { spawnSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { stringify } from "yaml";
import { installedIn } from "../../release/consumer.js";
import { STEPS } from "../../release/release.js";
import { writeVersion } from "../../release/version.js";
import { tiny } from "../cli/cli.js";
import { makeDomains } from "../datasets/fixtures.js";
import { skipHereUnless } from "../skip.js";

// Packs an unbuilt copy of this checkout, and installs the tarball in an empty project.

const checkout = fileURLToPath(new URL("../..", import.meta.url));
const VERSION = "9.8.7";
const PARTS = [
  ...["bin", "binding", "examples", "presets", "setup", "src", "web", "weights"],
  ...["CHANGELOG.md", "LICENSE", "README.md", "package.json", "package-lock.json", "tsconfig.json"],
];
/** Errors of the registry, the only ones that skip tests. */
const OFFLINE =
  /npm error code (ENOTFOUND|EAI_AGAIN|ECONN\w+|E\w*TIMEOUT|ETIMEDOUT|ENETUNREACH|ENOTCACHED|E429|E5\d\d)/;

let folder: string;
let clone: string;
let project: string;
let tarball: string;
let offline = false;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "cfcontra-package-"));
  [clone, project] = [join(folder, "clone"), join(folder, "project")];
  for (const part of PARTS) cpSync(join(checkout, part), join(clone, part), { recursive: true });
  symlinkSync(join(checkout, "node_modules"), join(clone, "node_modules"));
  writeVersion(clone, VERSION);
  tarball = STEPS.pack(clone, VERSION);
  mkdirSync(project);
  try {
    installedIn(project, tarball, VERSION);
  } catch (error) {
    offline = OFFLINE.test((error as Error).message);
    if (!offline) throw error;
  }
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function symlinkOnce(to: string, path: string): void {
  if (!existsSync(path)) symlinkSync(to, path);
}

/** Paths in the tarball, below its only folder. */
function packed(): string[] {
  const { status, stdout } = spawnSync("tar", ["tzf", tarball], { encoding: "utf8" });
  expect(status).toBe(0);
  return stdout
    .trim()
    .split("\n")
    .map((path) => path.replace(/^package\//, ""));
}

const below = (part: string): string[] =>
  readdirSync(join(clone, part), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(clone, join(entry.parentPath, entry.name)));

test("a tarball of an unbuilt clone contains all files that are used, and no others", () => {
  const files = packed();
  const wanted = [
    ...["CHANGELOG.md", "LICENSE", "README.md", "package.json"],
    ...["bin", "binding", "examples", "presets", "setup", "weights"].flatMap(below),
    ...below("src").flatMap((path) =>
      [".js", ".d.ts"].map((end) => path.replace(/^src/, "dist").replace(/\.ts$/, end)),
    ),
  ];
  const pages = files.filter((path) => path.startsWith("dist/web/"));
  expect(pages).toEqual(
    expect.arrayContaining(["dist/web/dashboard/index.html", "dist/web/playground/index.html"]),
  );
  expect(files.filter((path) => !pages.includes(path)).sort()).toEqual(wanted.sort());
  expect(files.filter((path) => /(^|\/)\./.test(path))).toEqual([]);
});

test("contains every entry point of package.json", () => {
  const { bin, exports } = JSON.parse(readFileSync(join(clone, "package.json"), "utf8"));
  const entries = Object.values<{ types: string; default: string }>(exports).flatMap((entry) => [
    entry.types.slice(2),
    entry.default.slice(2),
  ]);
  expect(packed()).toEqual(expect.arrayContaining([bin.cfcontra, ...entries]));
});

/** The installed command, with nothing on PATH: neither compiler nor npm. */
function cfcontra(...args: string[]) {
  const bin = join(project, "node_modules", "cfcontra", "bin", "cfcontra.js");
  const env = { PATH: "/nowhere", LIBTORCH: "/nowhere" };
  return spawnSync(process.execPath, [bin, ...args], { cwd: project, env, encoding: "utf8" });
}

test("installs neither ONNX Runtime nor what builds pages", (context) => {
  skipHereUnless(context, !offline, "registry");
  const installed = readdirSync(join(project, "node_modules"));
  expect(installed).toContain("cfcontra");
  for (const name of ["onnxruntime-node", "onnxruntime-web", "vite", "uplot", "typescript"]) {
    expect(installed).not.toContain(name);
  }
});

test("installed, help, completion and predictions work without building anything", (context) => {
  skipHereUnless(context, !offline, "registry");
  for (const args of [["--help"], ["--version"], ["train", "--help"], ["completion", "bash"]]) {
    const { status, stdout, stderr } = cfcontra(...args);
    expect([args, status, stderr]).toEqual([args, 0, ""]);
    expect(stdout.length).toBeGreaterThan(4);
  }
  writeFileSync(join(project, "model.onnx"), "");
  cpSync(join(checkout, "docs/demo.png"), join(project, "photo.png"));
  const predicted = cfcontra("predict", "--onnx", "model.onnx", "photo.png");
  expect(predicted.stderr).toMatch(/^error: onnxruntime-node.* is not installed: run `npm install/);
  expect(existsSync(join(project, "node_modules/cfcontra/build"))).toBe(false);
});

test("installed, setup searches for libtorch and prints how to install it", (context) => {
  skipHereUnless(context, !offline, "registry");
  const { status, stderr } = cfcontra("setup");
  expect(status).toBe(1);
  expect(stderr).toMatch(/^set-up: /);
  expect(stderr).not.toMatch(/npm run/);
});

describe.each([
  ["nodenext", { module: "nodenext", moduleResolution: "nodenext" }],
  ["bundler", { module: "esnext", moduleResolution: "bundler" }],
])("installed, the examples compile under strict TypeScript with %s", (name, resolution) => {
  test.for(["library", "node"])("examples/%s", (example, context) => {
    skipHereUnless(context, !offline, "registry");
    const at = join(project, `${example}-${name}`);
    cpSync(join(project, "node_modules/cfcontra/examples", example), at, { recursive: true });
    // The types of Node, as in a user's project.
    symlinkOnce(join(checkout, "node_modules/@types"), join(project, "node_modules/@types"));
    const compilerOptions = {
      ...{ target: "es2022", strict: true, noUncheckedIndexedAccess: true, types: ["node"] },
      ...{ allowJs: true, checkJs: true, outDir: "out", skipLibCheck: false, ...resolution },
    };
    writeFileSync(join(at, "package.json"), JSON.stringify({ type: "module" }));
    writeFileSync(join(at, "tsconfig.json"), JSON.stringify({ compilerOptions }));
    const tsc = join(checkout, "node_modules/typescript/bin/tsc");
    const { status, stdout } = spawnSync(process.execPath, [tsc, "-p", at], { encoding: "utf8" });
    expect([status, stdout]).toEqual([0, ""]);
  });
});

describe("installed, the examples run", () => {
  /** Runs a compiled example with the addon of this checkout. */
  function example(path: string, ...args: string[]) {
    const build = join(project, "node_modules/cfcontra/build");
    cpSync(join(checkout, "build/torch.node"), join(build, "torch.node"));
    const file = join(project, "library-nodenext/out", path);
    const run = spawnSync(process.execPath, [file, ...args], { cwd: project, encoding: "utf8" });
    rmSync(build, { recursive: true });
    return run;
  }

  test("train.ts, from a preset to the labels of a photo", async (context) => {
    skipHereUnless(context, !offline, "registry");
    await makeDomains(join(project, "data"));
    const preset = join(project, "tiny.yaml");
    writeFileSync(preset, stringify(tiny(join(project, "data"))));
    const photo = join(project, "data/gta5/images/00001.png");
    const { status, stdout, stderr } = example("train.js", preset, "3", photo);
    expect([status, stderr.match(/rror.*/)]).toEqual([0, null]);
    expect(stdout).toMatch(/^cfcontra: 3 steps in runs\/tiny-cfcontra-1234$/m);
    expect(stdout.match(/^camvid 0\.\d+$/gm)).toHaveLength(3); // before and after training, and over scales
    expect(stdout).toMatch(/00001\.png: 64x32, \d+ classes/);
  });

  test("parts.ts, from data sets to mIoU", (context) => {
    skipHereUnless(context, !offline, "registry");
    const { status, stdout, stderr } = example("parts.js", join(project, "streets"), "2");
    expect([status, stderr.match(/rror.*/)]).toEqual([0, null]);
    expect(stdout).toMatch(/^target mIoU \d+\.\d %$/m);
  });
});

test("a package without built files is an error that names the first", (context) => {
  skipHereUnless(context, !offline, "registry");
  rmSync(join(project, "node_modules/cfcontra/dist"), { recursive: true });
  const { status, stderr } = cfcontra("--version");
  expect(status).toBe(1);
  expect(stderr).toMatch(/^set-up: .*\S+\/dist\/cli\/main\.js is missing; .*`npm pack`.*\n$/);
});
