// Runs the networks, so that the page stays responsive.
import { resized } from "../../src/datasets/resized.js";
import { openSegmenter, type Segmenter } from "../../src/export/segmenter.js";
import type { Reply, Request } from "./protocol.js";

const segmenters: Segmenter[] = [];
const post = (reply: Reply) => self.postMessage(reply);

self.addEventListener("message", async ({ data }: MessageEvent<Request>) => {
  try {
    post(data.kind === "open" ? await open(data) : await segment(data));
  } catch (error) {
    post({ kind: "failed", message: (error as Error).message.split("\n")[0] as string });
  }
});

/** Loads ONNX Runtime, with WebGPU if there is a GPU, and the models. */
async function open({ files, runtime }: Extract<Request, { kind: "open" }>): Promise<Reply> {
  const gpu = await hasGpu();
  const ort = gpu ? await import("onnxruntime-web/webgpu") : await import("onnxruntime-web/wasm");
  ort.env.wasm.wasmPaths = runtime;
  ort.env.logLevel = "error";
  const threads = self.crossOriginIsolated ? Math.min(8, navigator.hardwareConcurrency) : 1;
  ort.env.wasm.numThreads = threads;
  const executionProviders = gpu ? ["webgpu", "wasm"] : ["wasm"];
  for (const file of files) {
    const response = await fetch(file).catch(() => undefined);
    if (!response?.ok) {
      throw new Error(`${file} cannot be loaded (${response?.status ?? "no answer"})`);
    }
    const model = new Uint8Array(await response.arrayBuffer());
    segmenters.push(await openSegmenter(ort, model, { executionProviders }));
  }
  const engine = gpu ? "WebGPU" : `WebAssembly, ${threads} thread${threads > 1 ? "s" : ""}`;
  return { kind: "opened", infos: segmenters.map(({ info }) => info), engine };
}

async function hasGpu(): Promise<boolean> {
  const { gpu } = navigator as { gpu?: { requestAdapter(): Promise<unknown> } };
  return ((await gpu?.requestAdapter().catch(() => null)) ?? null) !== null;
}

async function segment({ frame }: Extract<Request, { kind: "segment" }>): Promise<Reply> {
  const began = performance.now();
  const results = [];
  for (const segmenter of segmenters) {
    const { width, height } = segmenter.info.size;
    const seen = frame.width === width && frame.height === height;
    const image = seen ? frame : resized(frame, { width, height });
    results.push(await segmenter.segment(image, { entropy: true }));
  }
  return { kind: "segmented", results, milliseconds: performance.now() - began };
}
