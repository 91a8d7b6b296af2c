import { spawn, spawnSync } from "node:child_process";
import { cpSync, existsSync, readFileSync, symlinkSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import sharp from "sharp";
import { afterAll, beforeAll, expect, test } from "vitest";
import { buildPages, pagesFresh } from "../../setup/pages.js";
import { networkNames } from "../../src/cli/commands/playground.js";
import { makeDomains } from "../datasets/fixtures.js";
import { cli, expectError, preset, tiny } from "./cli.js";

const checkout = fileURLToPath(new URL("../..", import.meta.url)).replace(/\/$/, "");
let root: string;
let run: string;
let model: string;

beforeAll(async () => {
  if (!pagesFresh(checkout)) buildPages(checkout, process.env);
  root = await mkdtemp(join(tmpdir(), "cfcontra-"));
  [run, model] = [join(root, "run"), join(root, "model.onnx")];
  await makeDomains(root);
  const path = await preset(root, tiny(root));
  expect((await cli("train", "--preset", path, "--out", run)).code).toBe(0);
  expect((await cli("export", run, "--out", model)).code).toBe(0);
});
afterAll(() => rm(root, { recursive: true }));

test("playground writes a folder from runs and ONNX files", async () => {
  const out = join(root, "page");
  const sample = join(root, "gta5/images/00001.png");
  const { code, out: said } = await cli(
    "playground",
    run,
    model,
    "--out",
    out,
    "--samples",
    sample,
  );
  expect(code).toBe(0);
  expect(said).toContain(`playground ${out} --serve`);
  const contents = JSON.parse(readFileSync(join(out, "playground.json"), "utf8"));
  expect(contents.models.map(({ name }: { name: string }) => name)).toEqual(["run", "model"]);
  for (const file of ["index.html", ...contents.samples, contents.models[1].file]) {
    expect(existsSync(join(out, file)), file).toBe(true);
  }
});

test("networks are called as their folders and files, with folders above if these are equal", () => {
  expect(networkNames(["runs/streets-cfcontra-1/"])).toEqual(["streets-cfcontra-1"]);
  expect(networkNames(["runs/source-only", "runs/cfcontra"])).toEqual(["source-only", "cfcontra"]);
  expect(networkNames(["a/x/run", "b/x/run"])).toEqual(["a/x/run", "b/x/run"]);
  expect(networkNames(["/run", "/a/run.onnx"])).toEqual(["run", "a/run"]);
  expect(networkNames(["a/run", "./a/run"])).toEqual(["before", "after"]);
});

test("--serve serves a finished page, isolated, without libtorch", async () => {
  const installed = join(root, "installed");
  for (const part of ["bin", "dist", "presets", "setup", "package.json"]) {
    cpSync(join(checkout, part), join(installed, part), { recursive: true });
  }
  symlinkSync(join(checkout, "node_modules"), join(installed, "node_modules"));
  const bin = join(installed, "bin/cfcontra.js");
  const env = { PATH: "/nowhere", LIBTORCH: "/nowhere" };
  const out = join(root, "bare");
  const made = spawnSync(process.execPath, [bin, "playground", model, "--out", out], { env });
  expect(made.status).toBe(0);
  const server = spawn(process.execPath, [bin, "playground", out, "--serve", "--port", "0"], {
    env,
  });
  try {
    const url = await new Promise<string>((resolve, reject) => {
      server.once("exit", () => reject(new Error("the server has ended")));
      server.stdout.on("data", (text) => resolve(/http:\S+/.exec(String(text))?.[0] as string));
    });
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/$/);
    const page = await fetch(url);
    expect(page.status).toBe(200);
    expect(page.headers.get("cross-origin-embedder-policy")).toBe("require-corp");
    const contents = await (await fetch(`${url}playground.json`)).json();
    const bytes = await (await fetch(url + contents.models[0].file)).arrayBuffer();
    expect(Buffer.from(bytes).equals(readFileSync(model))).toBe(true);
    expect((await fetch(`${url}../model.onnx`)).status).toBe(404);
    expect((await fetch(`${url}..%2fmodel.onnx`)).status).toBe(404);
  } finally {
    server.kill();
  }
});

test.each([
  ["three networks", () => [model, model, model], "conflicting-options", ["3 networks"]],
  ["a missing file", () => [join(root, "absent.onnx")], "not-found", ["absent.onnx"]],
  [
    "an ONNX file of another program",
    () => [join(root, "text.onnx")],
    "unsupported-file",
    ["text.onnx", "cfcontra export"],
  ],
  [
    "a sample that is not an image",
    () => [model, "--samples", join(root, "tiny.yaml")],
    "image-unreadable",
    ["tiny.yaml", "PNG, JPEG or WebP"],
  ],
  [
    "a sample that browsers do not show",
    () => [model, "--samples", join(root, "photo.tiff")],
    "image-unreadable",
    ["photo.tiff"],
  ],
  [
    "a missing sample",
    () => [model, "--samples", join(root, "x.png")],
    "image-unreadable",
    ["x.png"],
  ],
  [
    "a setting for an ONNX file",
    () => [model, "--set", "train.seed=1"],
    "conflicting-options",
    ["--set"],
  ],
  ["a port without a server", () => [model, "--port", "8701"], "conflicting-options", ["--serve"]],
  ["a port that is no number", () => [model, "--port", "x"], "invalid-value", ["--port x"]],
  [
    "changes of a finished playground",
    () => [join(root, "page"), "--samples", join(root, "gta5/images/00001.png")],
    "conflicting-options",
    ["--out, --samples"],
  ],
  ["a folder with other files in it", () => [model, "--out", root], "already-exists", ["--out"]],
] as const)("playground refuses %s", async (_, args, error, names) => {
  await writeFile(join(root, "text.onnx"), "");
  await sharp({ create: { width: 4, height: 4, channels: 3, background: "teal" } })
    .tiff()
    .toFile(join(root, "photo.tiff"));
  const out = join(root, "refused");
  expectError(await cli("playground", "--out", out, ...args()), error, ...names);
  expect(existsSync(join(root, "refused"))).toBe(false);
});
