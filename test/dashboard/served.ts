import { mkdirSync, realpathSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Hono } from "hono";
import { expect } from "vitest";
import { dashboardApp } from "../../src/dashboard/app.js";
import { inTemporaryFolder } from "../datasets/fixtures.js";

/** An app that serves `runs/` in a new folder, with a page whose text is "page". */
export async function withApp(
  use: (app: Hono, runs: string, root: string) => Promise<void>,
  token?: string,
): Promise<void> {
  await inTemporaryFolder(async (made) => {
    const root = realpathSync(made);
    const [runs, pages] = [join(root, "runs"), join(root, "pages")];
    mkdirSync(runs);
    mkdirSync(join(pages, "assets"), { recursive: true });
    writeFileSync(join(pages, "index.html"), "page");
    writeFileSync(join(pages, "assets", "main.js"), "1");
    writeFileSync(join(root, "secret.png"), "secret");
    await use(dashboardApp({ runs, pages, ...(token === undefined ? {} : { token }) }), runs, root);
  });
}

export const get = (app: Hono, path: string, headers: Record<string, string> = {}) =>
  app.request(`http://localhost${path}`, { headers });

export async function json<T>(app: Hono, path: string): Promise<T> {
  const response = await get(app, path);
  expect(response.status).toBe(200);
  return (await response.json()) as T;
}
