import { Worker } from "node:worker_threads";
import type { Workers } from "./dataset.js";

export type { Workers };

export interface WorkersOptions {
  /** Called if a thread ends by itself, for lack of memory for example. Its tasks return undefined. */
  readonly warn?: ((sentence: string) => void) | undefined;
  readonly script?: URL;
}

type Settle = (result: unknown) => void;

interface Thread {
  readonly worker: Worker;
  /** By the number of a task. */
  readonly pending: Map<number, { readonly resolve: Settle; readonly reject: Settle }>;
}

/** Creates `count` threads, which start with the first task. They do not keep the process alive. */
export function createWorkers(
  count: number,
  { warn = () => {}, script = new URL("./worker.js", import.meta.url) }: WorkersOptions = {},
): Workers {
  let threads: Thread[] | undefined;
  let posted = 0;
  let closed = false;

  function start(): Thread {
    const worker = new Worker(script, { execArgv: [] });
    const thread: Thread = { worker, pending: new Map() };
    worker.on("message", ({ id, result }: { id: number; result: unknown }) => {
      thread.pending.get(id)?.resolve(result);
      thread.pending.delete(id);
      if (thread.pending.size === 0) worker.unref();
    });
    worker.on("error", (error: Error) => end(thread, error.message));
    worker.on("exit", () => end(thread, "it has ended"));
    worker.unref();
    return thread;
  }

  function end(thread: Thread, why: string): void {
    if (!threads?.includes(thread)) return;
    threads = threads.filter((other) => other !== thread);
    if (!closed) {
      warn(
        `one of the threads of train.workers failed (${why}): ${threads.length} continue; if memory runs ` +
          "out, set train.workers to a smaller number",
      );
    }
    for (const { resolve, reject } of thread.pending.values()) {
      if (closed) reject(new Error("the workers are closed"));
      else resolve(undefined);
    }
  }

  return {
    run(task, input) {
      if (closed) return Promise.reject(new Error("the workers are closed"));
      threads ??= Array.from({ length: count }, start);
      // In turn and at once: a training step blocks this thread, which could not feed idle workers.
      const thread = threads[posted % threads.length];
      if (thread === undefined) return Promise.resolve(undefined);
      const id = posted++;
      return new Promise((resolve, reject) => {
        thread.pending.set(id, { resolve, reject });
        thread.worker.ref();
        thread.worker.postMessage({ id, task, input });
      });
    },
    async close() {
      closed = true;
      await Promise.all((threads ?? []).map(({ worker }) => worker.terminate()));
    },
  };
}
