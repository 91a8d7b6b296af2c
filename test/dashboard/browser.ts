import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach } from "vitest";
import { launchChromium, openPage } from "../chromium.js";
import { BIN } from "../cli/cli.js";
import { makeRun } from "./runs.js";

/** Runs of a grid over widths: one group more than there are colours. */
export const GRID = [0, 1, 2, 3, 4, 5, 6, 7, 8];
const NOTES = [
  { step: 0, level: "note", text: "weights from pretrained" },
  { step: 120, level: "warning", text: "all pseudo-labels are of class sky" },
];

interface Server {
  readonly child: ChildProcess;
  readonly address: string;
}

/** A dashboard in a process of its own, and a page of Chromium. */
export interface Shown {
  readonly root: string;
  readonly runs: string;
  readonly page: Page;
  server: Server;
  /** Complaints of the console, of scripts and of requests, since the test began. */
  wrong: string[];
  open(query: string): Promise<unknown>;
  /** Waits for a state of the connection. */
  connection(words: RegExp): Promise<void>;
  start(port?: number): Promise<Server>;
  stop(): Promise<void>;
}

/** Serves made runs for the tests of a file, without a libtorch that the server could load. */
export function shownRuns(): Shown {
  let browser: Browser;
  const shown = {
    wrong: [] as string[],
    open: (query: string) => shown.page.goto(`${shown.server.address}${query}`),
    connection: (words: RegExp) =>
      shown.page.locator(".connection").filter({ hasText: words }).waitFor(),
    async start(port = 0): Promise<Server> {
      const args = [BIN, "dashboard", shown.runs, "--port", String(port)];
      const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
      const address = await new Promise<string>((resolve, reject) => {
        let text = "";
        child.stdout?.on("data", (piece) => {
          text += piece;
          const found = / is at (\S+) /.exec(text)?.[1];
          if (found) resolve(found);
        });
        child.once("exit", (code) => reject(new Error(`the dashboard ended with ${code}`)));
      });
      return { child, address };
    },
    async stop(): Promise<void> {
      const { child } = shown.server;
      const ended = new Promise((resolve) => child.once("exit", resolve));
      child.kill("SIGINT");
      await ended;
    },
  } as { -readonly [Key in keyof Shown]: Shown[Key] };

  beforeAll(async () => {
    shown.root = await mkdtemp(join(tmpdir(), "cfcontra-"));
    shown.runs = join(shown.root, "runs");
    await makeRuns(shown.runs);
    shown.server = await shown.start();
    browser = await launchChromium();
    const page = await openPage(browser, { viewport: { width: 1280, height: 900 } });
    page.on("console", (message) => {
      if (["error", "warning"].includes(message.type())) shown.wrong.push(message.text());
    });
    page.on("pageerror", (error) => shown.wrong.push(error.message));
    page.on("request", (request) => {
      if (!request.url().startsWith(shown.server.address)) shown.wrong.push(request.url());
    });
    shown.page = page;
  });
  beforeEach(() => {
    shown.wrong = [];
  });
  afterAll(async () => {
    await browser?.close();
    if (shown.server) await shown.stop();
    await rm(shown.root, { recursive: true, force: true });
  });
  return shown;
}

async function makeRuns(runs: string): Promise<void> {
  await makeRun(join(runs, "demo/minent-1"), { method: "minent", images: 2 });
  await makeRun(join(runs, "demo/source-only-1"), { method: "source-only", scored: 100 });
  const own = { images: 2, notes: NOTES, report: true, scored: 100 };
  await makeRun(join(runs, "demo/cfcontra-1"), own);
  await makeRun(join(runs, "demo/cfcontra-2"), { seed: 2 });
  for (const k of GRID) await makeRun(join(runs, `grid/${k}`), { width: (k + 1) / 8 });
  const error = "<b>the loss</b> is not finite";
  await makeRun(join(runs, "failed"), { state: "failed", error });
}
