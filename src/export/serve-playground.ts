import { existsSync, realpathSync } from "node:fs";
import { join } from "node:path";
import { Hono } from "hono";
import { UserError } from "../errors.js";
import { loopbackHost, readOnly, safeHeaders } from "../serving/guard.js";
import { listen } from "../serving/listen.js";
import { inside } from "../serving/safe-path.js";
import { sendFile } from "../serving/send-file.js";
import { CONTENTS } from "./playground.js";

/** A running server. */
export interface Served {
  readonly url: string;
  close(): Promise<void>;
}

/** That of the page's own `meta` element, and no frame around it. */
const POLICY = [
  "default-src 'none'",
  "font-src 'self'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "style-src 'self'",
  "img-src 'self' blob: data:",
  "media-src 'self' blob:",
  "connect-src 'self'",
  "worker-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

const HOST = "127.0.0.1";

/**
 * Serves a playground to this machine only.
 * @throws UserError if the folder is not a playground, or the port is in use
 */
export async function servePlayground(folder: string, port: number): Promise<Served> {
  if (!existsSync(join(folder, CONTENTS))) {
    throw new UserError(
      "unsupported-file",
      `${folder} is not a playground: it has no ${CONTENTS}; write one with \`cfcontra playground RUN\``,
    );
  }
  const app = playgroundApp(realpathSync(folder));
  const { port: found, close } = await listen(app.fetch, HOST, [port]);
  return { url: `http://${HOST}:${found}/`, close };
}

/**
 * The files of a playground, `root` being a real path. Its pages are isolated from other origins, which lets
 * WebAssembly use several threads.
 */
export function playgroundApp(root: string): Hono {
  const app = new Hono();
  app.use(safeHeaders(POLICY), readOnly, loopbackHost, async (context, next) => {
    await next();
    context.header("Cross-Origin-Embedder-Policy", "require-corp");
    context.header("Cache-Control", "no-cache");
  });
  app.get("*", (context) => {
    const name = decoded(context.req.path.slice(1)) || "index.html";
    return sendFile(context, inside(root, name));
  });
  app.notFound((context) => context.json({ error: "there is no such file" }, 404));
  return app;
}

/** A path as text; one that no file has if it is not UTF-8. */
function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return ".";
  }
}
