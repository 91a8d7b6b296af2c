import { randomBytes } from "node:crypto";
import { realpathSync, statSync } from "node:fs";
import type { Server } from "node:http";
import { serve as listen } from "@hono/node-server";
import { UserError } from "../errors.js";
import { dashboardApp } from "./app.js";

export interface ServeOptions {
  /** Folder of run folders, or one run folder. */
  readonly runs: string;
  /** Where the built pages are. */
  readonly pages: string;
  readonly host: string;
  /** 0 takes any free one; undefined takes PORT, or one of the next that is free. */
  readonly port: number | undefined;
}

export interface Serving {
  /** To open in a browser; with the token where one is needed. */
  readonly address: string;
  close(): Promise<void>;
}

const PORT = 7700;
const TRIES = 20;
const LOOPBACK = ["127.0.0.1", "localhost", "::1"];

/**
 * Serves run folders until it is closed. Bound to anything but this machine itself it makes a token,
 * which the address carries.
 * @throws UserError where the folder is missing or the port taken
 */
export async function serve({ runs, pages, host, port }: ServeOptions): Promise<Serving> {
  const token = LOOPBACK.includes(host) ? undefined : randomBytes(24).toString("base64url");
  const options = { runs: realFolder(runs), pages: realpathSync(pages) };
  const { fetch } = dashboardApp({ ...options, ...(token === undefined ? {} : { token }) });
  const ports = port === undefined ? Array.from({ length: TRIES }, (_, i) => PORT + i) : [port];
  for (const [i, candidate] of ports.entries()) {
    try {
      const { server, taken } = await bind(fetch, host, candidate);
      const name = host.includes(":") ? `[${host}]` : host;
      const query = token === undefined ? "" : `?token=${token}`;
      return {
        address: `http://${name}:${taken}/${query}`,
        close: () =>
          new Promise((resolve) => {
            server.close(() => resolve());
            server.closeAllConnections(); // event streams never end by themselves
          }),
      };
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === "EADDRINUSE" && i < ports.length - 1) continue;
      const why = code === "EADDRINUSE" ? "it is taken" : code;
      throw new UserError(
        "port-in-use",
        `cannot listen on ${host} port ${candidate} (${why}); choose another with --host or --port`,
      );
    }
  }
  throw new Error("unreachable: the last port either listens or throws");
}

type Fetch = ReturnType<typeof dashboardApp>["fetch"];

function bind(
  fetch: Fetch,
  hostname: string,
  port: number,
): Promise<{ server: Server; taken: number }> {
  return new Promise((resolve, reject) => {
    const server = listen({ fetch, hostname, port }, (info) =>
      resolve({ server, taken: info.port }),
    ) as Server;
    server.once("error", reject);
  });
}

function realFolder(path: string): string {
  try {
    const real = realpathSync(path);
    if (statSync(real).isDirectory()) return real;
  } catch {
    // said below
  }
  throw new UserError(
    "not-found",
    `${path} is no folder; expected the folder with the runs (\`train\` writes to runs/) or one of them`,
  );
}
