import { type Context, Hono } from "hono";
import { streamSSE } from "hono/streaming";
import { loopbackHost, readOnly, safeHeaders } from "../serving/guard.js";
import { inside } from "../serving/safe-path.js";
import { sendFile } from "../serving/send-file.js";
import type { RunsEvent } from "./api.js";
import { details, readConfusion, readFeatures } from "./details.js";
import { type ImageOrder, type ImageQuery, imagePage } from "./image-scores.js";
import type { SeriesQuery } from "./metrics.js";
import { differingSettings } from "./settings.js";
import { openStore } from "./store.js";
import { tokenNeeded } from "./token.js";

export interface DashboardOptions {
  /** Real path of the folder with the runs. */
  readonly runs: string;
  /** Real path of the built page: `index.html`, and its files in `assets/`. */
  readonly pages: string;
  /** Required from every visitor; without one, only requests to names of this machine are answered. */
  readonly token?: string;
}

const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "font-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join("; ");
/** The files of a run folder that are served as they are. */
const PICTURE = /^(previews\/[^/]+\/\d+|style)\/[\w-]+\.(png|jpg)$/;
/** A report is a page with its own styles: it gets an origin of its own. */
const REPORT_POLICY =
  "sandbox allow-scripts; default-src 'none'; img-src data:; font-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'";
const FOREVER = "private, max-age=31536000, immutable";
const HEARTBEAT = 15_000;
const MOST_BUCKETS = 4000;
const MOST_RUNS = 64;
/** Buckets in one answer, of all runs and keys together. */
const MOST_IN_ALL = 400_000;

/** The dashboard as a function from requests to answers. It only reads. */
export function dashboardApp({ runs: folder, pages, token }: DashboardOptions): Hono {
  const store = openStore(folder);
  const app = new Hono();
  app.use(safeHeaders(POLICY), readOnly, token === undefined ? loopbackHost : tokenNeeded(token));

  app.get("/", async (context) => {
    const path = inside(pages, "index.html");
    if (path !== undefined) return sendFile(context, path, { "Cache-Control": "no-cache" });
    return context.text("The pages are not built: run `npx cfcontra setup`.", 500);
  });
  app.get("/assets/:name", (context) => {
    const path = inside(pages, `assets/${context.req.param("name")}`);
    return sendFile(context, path, { "Cache-Control": FOREVER });
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

  app.get("/api/settings", async (context) => {
    await store.runs.refresh();
    return context.json(differingSettings(store.runs.all()));
  });

  app.get("/api/events", (context) => {
    // The body of an answer to HEAD is dropped: nothing would end its stream.
    if (context.req.method === "HEAD") {
      return context.body(null, 200, { "Content-Type": "text/event-stream" });
    }
    return streamSSE(context, async (stream) => {
      const end = store.runs.watch((event) => {
        void stream.writeSSE({ event: "runs", data: JSON.stringify(event) });
      });
      stream.onAbort(end);
      while (!stream.aborted) {
        await stream.sleep(HEARTBEAT);
        await stream.write(": still here\n\n");
      }
    });
  });

  app.get("/api/run", async (context) => {
    const run = await store.find(context.req.query("run"));
    if (!run) return unknownRun(context);
    const metrics = store.metrics(run);
    await metrics?.refresh();
    return context.json(
      await details(run, metrics?.keys() ?? [], await store.baseline(run), store.starts(run)),
    );
  });

  app.get("/api/series", async (context) => {
    const ids = (context.req.queries("run") ?? []).slice(0, MOST_RUNS);
    const haves = context.req.queries("have") ?? [];
    const query = { ...seriesQuery(context), most: MOST_IN_ALL / Math.max(1, ids.length) };
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

  app.get("/api/images", async (context) => {
    const run = await store.find(context.req.query("run"));
    if (!run) return unknownRun(context);
    const scores = await store.images(run);
    const baseline = store.runs.get((await store.baseline(run))?.id ?? "");
    const before = baseline && (await store.images(baseline));
    const page = scores && imagePage(scores, before, imageQuery(context));
    return context.json(page ?? null);
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
    return sendFile(context, path, { "Cache-Control": "private, max-age=60" });
  });

  app.get("/report", async (context) => {
    const run = await store.find(context.req.query("run"));
    return sendFile(context, run?.file("report.html"), {
      "Cache-Control": "no-cache",
      "Content-Security-Policy": REPORT_POLICY,
    });
  });

  app.notFound((context) => context.json({ error: "there is nothing at this address" }, 404));
  app.onError((error, context) => {
    process.stderr.write(`${context.req.path}: ${error.message}\n`);
    return context.json({ error: "the dashboard could not read this: see its terminal" }, 500);
  });
  return app;
}

const unknownRun = (context: Context) =>
  context.json({ error: "there is no such run: it may have been moved or deleted" }, 404);

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

const MOST_ENTRIES = 500;
const ORDERS: readonly ImageOrder[] = ["set", "worst", "gain", "loss", "class", "confusion"];

function imageQuery(context: Context): ImageQuery {
  const { set, order, class: classIndex, predicted, count } = context.req.query();
  return {
    set,
    order: ORDERS.find((one) => one === order) ?? "set",
    classIndex: numberOf(classIndex),
    predicted: numberOf(predicted),
    names: context.req.queries("name")?.slice(0, MOST_ENTRIES),
    count: Math.min(MOST_ENTRIES, Math.floor(numberOf(count) ?? 60)),
  };
}

/** "generation,width,upTo", or "" if the reader has nothing yet. */
function parseHave(text: string | undefined): SeriesQuery["have"] {
  const [generation, width, upTo] = (text ?? "").split(",").map(numberOf);
  if (generation === undefined || width === undefined || upTo === undefined) return undefined;
  return { generation, width, upTo };
}
