import type { RunSummary, RunsEvent } from "../../src/dashboard/api.js";

export type Connection = "connecting" | "live" | "away";
export type Change = (changed: ReadonlySet<string>, gone: ReadonlySet<string>) => void;

/** The runs, updated by the server as long as the page is open. */
export interface Live {
  readonly runs: ReadonlyMap<string, RunSummary>;
  /** The folder of the runs; empty until the first answer. */
  readonly folder: string;
  readonly connection: Connection;
  /** Calls back after each change until `signal` aborts. */
  onRuns(listener: Change, signal: AbortSignal): void;
  onConnection(listener: () => void): void;
}

const RETRY = 2000;

export function openLive(): Live {
  const runs = new Map<string, RunSummary>();
  const changes = new Set<Change>();
  const connections = new Set<() => void>();
  let folder = "";
  let connection: Connection = "connecting";

  function become(next: Connection): void {
    if (next === connection) return;
    connection = next;
    for (const tell of connections) tell();
  }

  function take(event: RunsEvent): void {
    folder = event.folder;
    const now = new Set(event.runs.map(({ id }) => id));
    const gone = new Set(event.whole ? [...runs.keys()].filter((id) => !now.has(id)) : event.gone);
    for (const id of gone) runs.delete(id);
    for (const run of event.runs) runs.set(run.id, run);
    for (const tell of changes) tell(now, gone);
  }

  function connect(): void {
    const source = new EventSource("api/events");
    source.addEventListener("open", () => become("live"));
    source.addEventListener("runs", (event) => take(JSON.parse((event as MessageEvent).data)));
    // Each connection begins with the whole list, so that nothing is missed.
    source.addEventListener("error", () => {
      become("away");
      if (source.readyState !== EventSource.CLOSED) return; // the browser reconnects
      setTimeout(connect, RETRY);
    });
    addEventListener("pagehide", () => source.close(), { once: true });
  }
  connect();

  return {
    runs,
    get folder() {
      return folder;
    },
    get connection() {
      return connection;
    },
    onRuns(listener, signal) {
      changes.add(listener);
      signal.addEventListener("abort", () => changes.delete(listener));
    },
    onConnection: (listener) => connections.add(listener),
  };
}

/**
 * JSON from the server.
 * @throws Error with the server's message, or if the server does not answer
 */
export async function getJson<T>(path: string, signal?: AbortSignal): Promise<T> {
  const response = await fetch(path, { ...(signal ? { signal } : {}) }).catch((error: Error) => {
    if (error.name === "AbortError") throw error;
    throw new Error("The dashboard's server does not answer: it may have been stopped.");
  });
  if (response.ok) return (await response.json()) as T;
  const { error } = await response.json().catch(() => ({ error: response.statusText }));
  throw new Error(error);
}

/** Calls `task` at most once in `milliseconds`; a call during the wait is made after it. */
export function throttled(milliseconds: number, task: () => Promise<void> | void): () => void {
  let waiting = false;
  let again = false;
  const run = async () => {
    again = false;
    waiting = true;
    await Promise.resolve(task()).catch(() => {}); // the server is away: the next change tries again
    setTimeout(() => {
      waiting = false;
      if (again) void run();
    }, milliseconds);
  };
  return () => {
    if (waiting) again = true;
    else void run();
  };
}
