import { existsSync } from "node:fs";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join, relative } from "node:path";
import { serve } from "@hono/node-server";
import { serveStatic } from "@hono/node-server/serve-static";
import { Hono } from "hono";
import { UserError } from "../errors.js";
import { CONTENTS } from "./playground.js";

/** A running server; `close` ends it. */
export interface Served {
  readonly url: string;
  close(): void;
}

/**
 * Serves a playground to this machine alone. Its pages are isolated from other origins, which lets
 * WebAssembly use several threads.
 * @throws UserError if the folder is no playground, or the port is taken
 */
export async function servePlayground(folder: string, port: number): Promise<Served> {
  if (!existsSync(join(folder, CONTENTS))) {
    throw new UserError(
      "unsupported-file",
      `${folder} is no playground: expected ${CONTENTS} in it`,
    );
  }
  const app = new Hono();
  app.use(async (context, next) => {
    await next();
    context.header("Cross-Origin-Opener-Policy", "same-origin");
    context.header("Cross-Origin-Embedder-Policy", "require-corp");
    context.header("X-Content-Type-Options", "nosniff");
    context.header("Cache-Control", "no-cache");
  });
  app.use(serveStatic({ root: relative(process.cwd(), folder) || "." }));
  const server = await new Promise<Server>((resolve, reject) => {
    const made = serve({ fetch: app.fetch, hostname: "127.0.0.1", port }, () =>
      resolve(made as Server),
    );
    made.once("error", reject);
  }).catch((error: NodeJS.ErrnoException) => {
    throw new UserError(
      "port-in-use",
      `port ${port} cannot be used (${error.code}): choose another with --port`,
    );
  });
  const { port: found } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${found}/`, close: () => server.close() };
}
