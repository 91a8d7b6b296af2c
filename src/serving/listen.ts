import type { Server } from "node:http";
import { serve } from "@hono/node-server";
import type { Hono } from "hono";
import { UserError } from "../errors.js";

/** A server that is running. */
export interface Listening {
  readonly port: number;
  close(): Promise<void>;
}

/**
 * Serves an app's `fetch` at the first of the ports that is free; 0 is any free port.
 * @throws UserError if none can be used
 */
export async function listen(
  fetch: Hono["fetch"],
  host: string,
  ports: readonly number[],
): Promise<Listening> {
  const [port = 0, ...others] = ports;
  try {
    return await bind(fetch, host, port);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EADDRINUSE" && others.length > 0) return listen(fetch, host, others);
    const inUse = code === "EADDRINUSE";
    throw new UserError(
      "port-in-use",
      `cannot listen on ${host}, port ${port} (${inUse ? "another program uses it" : code}): choose ` +
        `another with ${inUse ? "--port" : "--host or --port"}`,
      { cause: error },
    );
  }
}

function bind(fetch: Hono["fetch"], hostname: string, port: number): Promise<Listening> {
  return new Promise((resolve, reject) => {
    const server = serve({ fetch, hostname, port }, (info) => {
      const close = () =>
        new Promise<void>((closed) => {
          server.close(() => closed());
          server.closeAllConnections(); // event streams never end by themselves
        });
      resolve({ port: info.port, close });
    }) as Server;
    server.once("error", reject);
  });
}
