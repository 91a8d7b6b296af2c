import { readFile } from "node:fs/promises";
import { extname } from "node:path";
import { type Context, Hono } from "hono";
import { streamSSE } from "hono/streaming";
import type { RunsEvent } from "./api.js";
import { details, readConfusion, readFeatures } from "./details.js";
import { loopbackHost, readOnly, safeHeaders, tokenNeeded } from "./guard.js";
import type { SeriesQuery } from "./metrics.js";
import { inside } from "./safe-path.js";
import { openStore } from "./store.js";

export interface DashboardOptions {
  /** Real path of the folder with the runs. */
  readonly runs: string;
  /** Real path of the built page: `index.html` and what it loads in `assets/`. */
  readonly pages: string;
  /** Needed from every visitor; without one only names of this machine are answered to. */
  readonly token?: string;
}

const TYPES: Readonly<Record<string, string>> = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".jpg": "image/jpeg",
  ".js": "text/javascript; charset=utf-8",
  ".png": "image/png",
  ".svg": "image/svg+xml",
  ".woff2": "font/woff2",
};
/** What of a run folder may be fetched as it is. */
const PICTURE = /^(previews\/[^/]+\/\d+|style)\/[\w-]+\.(png|jpg)$/;
/** A report is a page of its own, with its own scripts: it gets an origin of nobody's. */
const REPORT_POLICY =
  "sandbox allow-scripts; default-src 'none'; img-src data:; font-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'";
const FOREVER = "private, max-age=31536000, immutable";
const HEARTBEAT = 15_000;
const MOST_BUCKETS = 4000;
const MOST_RUNS = 64;

/** The dashboard as a function from requests to answers. It only ever reads. */
export function dashboardApp({ runs: folder, pages, token }: DashboardOptions): Hono {
  const store = openStore(folder);
  const app = new Hono();
  app.use(safeHeaders, readOnly, token === undefined ? loopbackHost : tokenNeeded(token));

  const send = async (context: Context, path: string, cache: string, policy?: string) => {
    const type = TYPES[extname(path)];
    if (type === undefined) return context.notFound();
    const headers = { "Content-Type": type, "Cache-Control": cache };
    return context.body(await readFile(path), 200, {
      ...headers,
      ...(policy === undefined ? {} : { "Content-Security-Policy": policy }),
    });
  };
  const page = async (context: Context) => {
    const path = inside(pages, "index.html");
    if (path !== undefined) return send(context, path, "no-cache");
    return context.text("The pages are not built: run `npx cfcontra setup`.", 500);
  };

  app.get("/", page);
  app.get("/assets/:name", async (context) => {
    const path = inside(pages, `assets/${context.req.param("name")}`);
    return path === undefined ? context.notFound() : send(context, path, FOREVER);
  });

  app.get("/api/runs", async (context) => {
    await store.runs.refresh();
    return context.json({
      folder,
      whole: true,
      runs: store.runs.list(),
      gone: [],
    } satisfies RunsEvent);
  });

  app.get("/api/events", (context) =>
    streamSSE(context, async (stream) => {
      const end = store.runs.watch((event) => {
        void stream.writeSSE({ event: "runs", data: JSON.stringify(event) });
      });
      stream.onAbort(end);
      while (!stream.aborted) {
        await stream.sleep(HEARTBEAT);
        await stream.write(": still here\n\n");
      }
    }),
  );

  app.get("/api/run", async (context) => {
    const run = await store.find(context.req.query("run"));
    if (!run) return unknownRun(context);
    const metrics = store.metrics(run);
    await metrics?.refresh();
    return context.json(await details(run, metrics?.keys() ?? []));
  });

  app.get("/api/series", async (context) => {
    const ids = (context.req.queries("run") ?? []).slice(0, MOST_RUNS);
    const haves = context.req.queries("have") ?? [];
    const query = seriesQuery(context);
    const found = await Promise.all(
      ids.map(async (id, i) => {
        const run = await store.find(id);
        const metrics = run && store.metrics(run);
        if (!metrics) return [];
        await metrics.refresh();
        const have = parseHave(haves[i]);
        return [{ id, ...metrics.series({ ...query, ...(have ? { have } : {}) }) }];
      }),
    );
    return context.json(found.flat());
  });

  app.get("/api/prototypes", async (context) => {
    const run = await store.find(context.req.query("run"));
    if (!run) return unknownRun(context);
    const prototypes = store.prototypes(run);
    await prototypes?.refresh();
    const step = numberOf(context.req.query("step")) ?? Number.POSITIVE_INFINITY;
    return context.json((await prototypes?.at(step)) ?? null);
  });

  for (const [path, read] of [
    ["/api/features", readFeatures],
    ["/api/confusion", readConfusion],
  ] as const) {
    app.get(path, async (context) => {
      const run = await store.find(context.req.query("run"));
      return run ? context.json((await read(run)) ?? null) : unknownRun(context);
    });
  }

  app.get("/picture", async (context) => {
    const name = context.req.query("file") ?? "";
    const run = await store.find(context.req.query("run"));
    const path = PICTURE.test(name) ? run?.file(name) : undefined;
    return path === undefined ? context.notFound() : send(context, path, "private, max-age=60");
  });

  app.get("/report", async (context) => {
    const run = await store.find(context.req.query("run"));
    const path = run?.file("report.html");
    return path === undefined ? context.notFound() : send(context, path, "no-cache", REPORT_POLICY);
  });

  app.notFound((context) => context.json({ error: "there is nothing of that name here" }, 404));
  app.onError((error, context) => {
    process.stderr.write(`${context.req.path}: ${error.message}\n`);
    return context.json({ error: "the dashboard could not read that; its terminal says why" }, 500);
  });
  return app;
}

const unknownRun = (context: Context) =>
  context.json({ error: "there is no such run; it may have been moved or deleted" }, 404);

function numberOf(text: string | undefined): number | undefined {
  const value = text === undefined || text === "" ? Number.NaN : Number(text);
  return Number.isFinite(value) && value >= 0 ? value : undefined;
}

function seriesQuery(context: Context): SeriesQuery {
  const { from, to, buckets } = context.req.query();
  const keys = context.req.queries("key");
  const skip = context.req.queries("skip");
  const range = { from: numberOf(from), to: numberOf(to) };
  return {
    buckets: Math.min(MOST_BUCKETS, Math.max(1, Math.floor(numberOf(buckets) ?? 600))),
    ...(keys ? { keys } : {}),
    ...(skip ? { skip } : {}),
    ...(range.from === undefined ? {} : { from: range.from }),
    ...(range.to === undefined ? {} : { to: range.to }),
  };
}

/** "generation,width,upTo", or "" where the reader has nothing yet. */
function parseHave(text: string | undefined): SeriesQuery["have"] {
  const [generation, width, upTo] = (text ?? "").split(",").map(numberOf);
  if (generation === undefined || width === undefined || upTo === undefined) return undefined;
  return { generation, width, upTo };
}
