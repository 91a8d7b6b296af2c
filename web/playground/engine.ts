import type { ModelInfo } from "../../src/export/model-info.js";
import type { Pixels } from "../../src/export/pixels.js";
import type { Reply, Request } from "./protocol.js";

/** The worker, as promises. It gets one request at a time. */
export interface Engine {
  readonly infos: readonly ModelInfo[];
  /** The execution provider: "WebGPU", or "WebAssembly, 4 threads". */
  readonly engine: string;
  segment(frame: Pixels): Promise<Extract<Reply, { kind: "segmented" }>>;
}

/** Starts the worker and loads the models at these addresses. @throws Error if one cannot be loaded */
export async function startEngine(files: readonly string[]): Promise<Engine> {
  const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
  let before: Promise<unknown> = Promise.resolve();
  function ask<K extends Reply["kind"]>(request: Request): Promise<Extract<Reply, { kind: K }>> {
    const reply = before.then(() => send<K>(request));
    before = reply.catch(() => {});
    return reply;
  }
  function send<K extends Reply["kind"]>(request: Request): Promise<Extract<Reply, { kind: K }>> {
    return new Promise((resolve, reject) => {
      worker.onmessage = ({ data }: MessageEvent<Reply>) => {
        if (data.kind === "failed") reject(new Error(data.message));
        else resolve(data as Extract<Reply, { kind: K }>);
      };
      worker.onerror = (event) => reject(new Error(event.message || "the worker did not start"));
      worker.postMessage(request);
    });
  }
  const runtime = new URL("./ort/", document.baseURI).href;
  const { infos, engine } = await ask<"opened">({ kind: "open", files, runtime });
  return { infos, engine, segment: (frame) => ask<"segmented">({ kind: "segment", frame }) };
}
