import { mkdirSync, realpathSync, symlinkSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import type { Hono } from "hono";
import sharp from "sharp";
import { describe, expect, test } from "vitest";
import { playgroundApp, servePlayground } from "../../src/export/serve-playground.js";
import { inTemporaryFolder } from "../datasets/fixtures.js";
import { userError } from "../user-error.js";

const png = await sharp({ create: { width: 4, height: 4, channels: 3, background: "teal" } })
  .png()
  .toBuffer();

/** A folder with the kinds of files that a playground has, and others around it. */
async function withFolder(use: (app: Hono, folder: string) => Promise<void>): Promise<void> {
  await inTemporaryFolder(async (made) => {
    const root = realpathSync(made);
    const folder = join(root, "page");
    for (const name of ["assets", "samples", "ort", ".git"]) {
      mkdirSync(join(folder, name), { recursive: true });
    }
    const write = (name: string, content: string | Uint8Array) =>
      writeFileSync(join(folder, name), content);
    write("index.html", "<p>page");
    write("playground.json", "{}");
    write("assets/main.js", "1");
    write("ort/ort.wasm", Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0));
    write("samples/1.png", png);
    write("samples/2.png", "<script>alert(1)</script>");
    write(".git/config.json", "{}");
    write(".env.json", "{}");
    write("notes.txt", "private");
    writeFileSync(join(root, "secret.json"), "{}");
    symlinkSync(join(root, "secret.json"), join(folder, "linked.json"));
    symlinkSync(root, join(folder, "up"));
    await use(playgroundApp(folder), folder);
  });
}

const get = (app: Hono, path: string, headers: Record<string, string> = {}) =>
  app.request(`http://localhost${path}`, { headers });

describe("the playground's server", () => {
  test("serves its files under the types of their content", () =>
    withFolder(async (app) => {
      for (const [path, type] of [
        ["/", "text/html; charset=utf-8"],
        ["/index.html", "text/html; charset=utf-8"],
        ["/playground.json", "application/json; charset=utf-8"],
        ["/assets/main.js", "text/javascript; charset=utf-8"],
        ["/ort/ort.wasm", "application/wasm"],
        ["/samples/1.png", "image/png"],
      ] as const) {
        const { status, headers } = await get(app, path);
        expect([path, status, headers.get("content-type")]).toEqual([path, 200, type]);
      }
    }));

  test("serves nothing else: no links out, no hidden files, no other types", () =>
    withFolder(async (app) => {
      for (const path of [
        ...["/linked.json", "/up/secret.json", "/../secret.json", "/..%2fsecret.json"],
        ...["/.env.json", "/.git/config.json", "/%2egit/config.json", "/%00", "/%ff"],
        ...["/samples", "/samples/", "/samples/2.png", "/notes.txt", "/none.html"],
      ]) {
        expect([path, (await get(app, path)).status]).toEqual([path, 404]);
      }
    }));

  test("answers to this machine's names only, and only reads", () =>
    withFolder(async (app) => {
      expect((await get(app, "/", { host: "localhost:8700" })).status).toBe(200);
      for (const host of ["evil.example", "127.0.0.1.evil.example", "10.0.0.1"]) {
        expect([host, (await get(app, "/", { host })).status]).toEqual([host, 403]);
      }
      expect((await app.request("http://localhost/", { method: "POST" })).status).toBe(405);
    }));

  test("isolates the page, with the policy of its meta element", () =>
    withFolder(async (app) => {
      for (const path of ["/", "/assets/main.js", "/none"]) {
        const { headers } = await get(app, path);
        expect(headers.get("content-security-policy")).toMatch(
          /^default-src 'none'; .*script-src 'self' 'wasm-unsafe-eval'; .*frame-ancestors 'none'$/,
        );
        expect(headers.get("cross-origin-opener-policy")).toBe("same-origin");
        expect(headers.get("cross-origin-embedder-policy")).toBe("require-corp");
        expect(headers.get("x-content-type-options")).toBe("nosniff");
      }
    }));

  test("listens on this machine, refuses a port that is in use and a folder of something else", () =>
    withFolder(async (_, folder) => {
      const { url, close } = await servePlayground(folder, 0);
      const port = Number(new URL(url).port);
      const status = await new Promise((resolve, reject) => {
        const headers = { host: "evil.example" };
        request({ host: "127.0.0.1", port, headers }, ({ statusCode }) => resolve(statusCode))
          .on("error", reject)
          .end();
      });
      expect(status).toBe(403);
      await userError(servePlayground(folder, port), "port-in-use", String(port));
      await close();
      await userError(
        servePlayground(join(folder, "ort"), 0),
        "unsupported-file",
        "playground.json",
      );
    }));
});
