import { randomBytes } from "node:crypto";
import { existsSync, realpathSync } from "node:fs";
import { UserError } from "../errors.js";
import { missingPath } from "../missing-path.js";
import { isFolder } from "../regular-file.js";
import { listen } from "../serving/listen.js";
import { dashboardApp } from "./app.js";

export interface ServeOptions {
  /** Folder of run folders, or one run folder. */
  readonly runs: string;
  /** Folder of the built pages. */
  readonly pages: string;
  readonly host: string;
  /** 0 is any free port; undefined is 7700, or one of the next ports that is free. */
  readonly port: number | undefined;
}

export interface Serving {
  /** To open in a browser; with the token if one is needed. */
  readonly address: string;
  close(): Promise<void>;
}

const PORT = 7700;
const TRIES = 20;
const LOOPBACK = ["127.0.0.1", "localhost", "::1"];

/**
 * Serves run folders until it is closed. On any host but this machine it requires a token, which the address
 * contains.
 * @throws UserError if the folder is missing or the port is in use
 */
export async function serve({ runs, pages, host, port }: ServeOptions): Promise<Serving> {
  const expected = "a folder of run folders (`train` writes to runs/), or one run folder";
  if (!existsSync(runs)) throw missingPath(runs, expected);
  if (!isFolder(runs)) {
    throw new UserError("not-a-run", `${runs} is not a folder: expected ${expected}`);
  }
  const token = LOOPBACK.includes(host) ? undefined : randomBytes(24).toString("base64url");
  const options = { runs: realpathSync(runs), pages: realpathSync(pages) };
  const { fetch } = dashboardApp({ ...options, ...(token === undefined ? {} : { token }) });
  const ports = port === undefined ? Array.from({ length: TRIES }, (_, i) => PORT + i) : [port];
  const { port: taken, close } = await listen(fetch, host, ports);
  const name = host.includes(":") ? `[${host}]` : host;
  const query = token === undefined ? "" : `?token=${token}`;
  return { address: `http://${name}:${taken}/${query}`, close };
}
