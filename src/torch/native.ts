import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { UserError } from "../errors.js";

/** The functions of the addon; see binding/torch.cc. Tensors are passed as handles, which are numbers. */
export interface Native {
  readonly version: string;
  operatorNames(): string[];
  lookup(name: string, overload: string): number;
  schema(operator: number): string;
  call(operator: number, ...args: unknown[]): unknown;
  dispose(handle: number): void;
  isLive(handle: number): boolean;
  liveTensors(): number;
  liveBytes(): number;
  shape(handle: number): number[];
  scalarType(handle: number): number;
  device(handle: number): string;
  requiresGrad(handle: number): boolean;
  setRequiresGrad(handle: number, value: boolean): void;
  grad(handle: number): number | null;
  setGrad(handle: number, grad: number | null): void;
  backward(outputs: number[], gradOutputs: number[] | null, retainGraph: boolean): void;
  gradients(
    outputs: number[],
    inputs: number[],
    gradOutputs: number[] | null,
    retainGraph: boolean,
  ): (number | null)[];
  setGradEnabled(enabled: boolean): boolean;
  /** `null`: no autocast. */
  enterAutocast(device: string, scalarType: number | null): void;
  leaveAutocast(): void;
  setThreads(count: number): void;
  threads(): number;
  manualSeed(seed: number): void;
  randomState(): number;
  setRandomState(state: number): void;
  /** Whether libtorch was built with CUDA. */
  hasCudaBuild(): boolean;
  gpus(): number;
  useGpu(index: number): void;
  setTf32(allowed: boolean): void;
  setCudnnBenchmark(on: boolean): void;
  setCudnnDeterministic(on: boolean): void;
  /** The versions of CUDA's runtime and cuDNN; 0 if absent. */
  cudaVersions(): [cuda: number, cudnn: number];
  /** The following are absent if the addon was built without CUDA's headers; see binding/gpu.h. */
  gpuName?(index: number): string;
  gpuMemory?(index: number): [allocated: number, peak: number, reserved: number];
  gpuCapacity?(index: number): [free: number, total: number];
  resetGpuPeak?(index: number): void;
  isGpuIdle?(index: number): boolean;
  /** The following also need libtorch 2.4; see binding/cuda-graph.h. */
  useOwnStream?(index: number): void;
  beginCapture?(): Graph;
  endCapture(graph: Graph): void;
  abandonCapture(graph: Graph): void;
  replayGraph(graph: Graph): void;
  disposeGraph(graph: Graph): void;
  /** Copies the array. */
  fromArray(array: ArrayBufferView, shape: readonly number[], scalarType: number): number;
  /** Copies the arrays, one after another. `pinned` needs a GPU. */
  fromArrays(
    arrays: readonly ArrayBufferView[],
    shape: readonly number[],
    scalarType: number,
    pinned: boolean,
  ): number;
  /** Shares the tensor's memory. */
  bytes(handle: number): ArrayBuffer;
  /** Missing if libtorch does not have c10d with Gloo. */
  openStore?(host: string, port: number, serve: boolean, timeout: number): Store;
  storePut(store: Store, key: string, value: string): void;
  storeHas(store: Store, key: string, timeout: number): boolean;
  storeGet(store: Store, key: string): string;
  connect(
    store: Store,
    prefix: string,
    rank: number,
    size: number,
    address: string,
    timeout: number,
  ): Group;
  /** Whether a group reduces such a tensor on its own device. */
  serves(tensor: number): boolean;
  sum(group: Group, tensors: number[]): Work;
  broadcast(group: Group, tensor: number, from: number): Work;
  barrier(group: Group): Work;
  wait(work: Work): void;
  /** See binding/process-group.h. */
  exchange(group: Group, buckets: number[][]): Exchange;
  exchangeExpect(exchange: Exchange, loss: number): void;
  exchangeSendRest(exchange: Exchange): void;
  exchangeWait(exchange: Exchange): void;
}

/** Native objects, which are freed with the last reference. */
export type Store = object & { readonly is: "store" };
export type Group = object & { readonly is: "group" };
export type Work = object & { readonly is: "work" };
export type Exchange = object & { readonly is: "exchange" };
export type Graph = object & { readonly is: "graph" };

function load(): Native {
  const path = fileURLToPath(new URL("../../build/torch.node", import.meta.url));
  if (!existsSync(path)) {
    throw new UserError(
      "not-installed",
      `the addon is not built (${path} is missing): run \`npx cfcontra setup\``,
    );
  }
  // By default, waiting threads of GNU's OpenMP spin for milliseconds. If another process needs one of few
  // cores, every operator then waits for the scheduler, and a step takes many times as long.
  process.env.GOMP_SPINCOUNT ??= "10000";
  const addon = createRequire(import.meta.url)(path) as Native;
  // Some builds of libtorch start with one thread.
  if (process.env.OMP_NUM_THREADS === undefined) addon.setThreads(availableParallelism());
  return addon;
}

/**
 * The addon. If it cannot be loaded, importing this file still succeeds, and the first use throws the reason:
 * code that only reads names and schemas (help, completion, types) runs without libtorch.
 */
export const native: Native = loadedOrThrowing();

function loadedOrThrowing(): Native {
  try {
    return load();
  } catch (error) {
    const get = (_: Native, name: string | symbol) => {
      if (name === "version") return "none";
      throw error;
    };
    return new Proxy({} as Native, { get });
  }
}
