import { describe, expect, test } from "vitest";
import * as torch from "../../src/torch/index.js";
import { scope, type Tensor, tensor } from "../../src/torch/index.js";
import { start } from "./ranks.js";

const dist = new URL("../../dist/", import.meta.url).href;

/** Runs a program in another Node process, with `gc()`, and returns the JSON that it prints. */
async function program(text: string): Promise<unknown> {
  const command = [process.execPath, "--expose-gc", "--input-type=module", "-e", text];
  const { code, out, err } = await start(command).ended;
  expect(err).toBe("");
  expect(code).toBe(0);
  return JSON.parse(out);
}

// Tensors from JavaScript's arrays, arrays over a tensor's memory, graphs whose parts are garbage, tensors
// that are not disposed: values and counts do not depend on when the garbage collector runs.
const WORK = `
  import * as torch from "${dist}torch/index.js";
  import { randomFrom } from "${dist}datasets/random.js";
  const { scope, tensor, keep, dispose, liveMemory } = torch;
  function work(seed, steps, collector = globalThis.gc) {
    const random = randomFrom(seed, 0);
    const collect = () => { if (random.chance(0.3)) collector?.(); };
    const held = [];
    let total = 0;
    for (let i = 0; i < steps; i++) {
      scope(() => {
        const x = tensor(Float32Array.from({ length: 64 }, (_, j) => (i + j) % 7), [8, 8]);
        collect();
        const w = x.mul(0.5);
        w.requiresGrad = true;
        const y = x.matmul(w).relu().sum();
        collect();
        y.backward();
        collect();
        const view = w.grad.contiguous().array; // outlives the scope
        held.push(view);
        tensor(new Uint8Array(10000)); // not referenced
        total += y.item() + w.grad.mean().item();
      });
      collect();
      if (held.length > 10) held.splice(0, 5);
      total += held.at(-1)[random.below(64)];
    }
    return total;
  }`;

describe("under stress", () => {
  test("garbage collection at random times changes no values and leaves no tensors", async () => {
    const result = await program(`${WORK}
      const before = liveMemory().tensors;
      const same = work(3, 300) === work(3, 300, () => {});
      const loose = Array.from({ length: 100 }, () => tensor(new Float32Array(1000)));
      const leaked = liveMemory().tensors - before;
      loose.length = 0;
      gc(); await new Promise((resolve) => setTimeout(resolve, 50)); gc();
      await new Promise((resolve) => setTimeout(resolve, 50));
      console.log(JSON.stringify({ same, leaked, left: liveMemory().tensors - before }));`);
    expect(result).toEqual({ same: true, leaked: 100, left: 0 });
  });

  test("three workers at the same time, each with its own tensors", async () => {
    const worker = `${WORK}
      import { parentPort } from "node:worker_threads";
      parentPort.postMessage({ total: work(5, 100), left: liveMemory().tensors });`;
    const result = await program(`
      import { Worker } from "node:worker_threads";
      const url = new URL("data:text/javascript," + encodeURIComponent(${JSON.stringify(worker)}));
      const one = () => new Promise((resolve, reject) => {
        const worker = new Worker(url);
        worker.once("message", resolve).once("error", reject);
      });
      const alone = await one();
      const together = await Promise.all([one(), one(), one()]);
      const ended = new Worker(url); // terminated while it works
      await new Promise((resolve) => setTimeout(resolve, 300));
      await ended.terminate();
      console.log(JSON.stringify([alone, ...together]));`);
    const [alone, ...together] = result as unknown[];
    expect(alone).toMatchObject({ left: 0 });
    expect(together).toEqual([alone, alone, alone]);
  });
});

describe("tensors of unusual kinds", () => {
  const numbers = (make: () => Tensor) => scope(() => make().numbers());

  test("without elements work", () => {
    expect(numbers(() => tensor(new Float32Array(0), [0, 3]).add(1))).toEqual([]);
    expect(numbers(() => torch.zeros([0]).sum())).toEqual([0]);
    expect(numbers(() => torch.cat([torch.zeros([0]), torch.ones([2])]))).toEqual([1, 1]);
    expect(numbers(() => torch.zeros([2, 0]).matmul(torch.zeros([0, 2])))).toEqual([0, 0, 0, 0]);
    expect(scope(() => torch.zeros([3, 0, 2]).shape)).toEqual([3, 0, 2]);
  });

  test("that are not contiguous have the same numbers", () => {
    const x = () => torch.arange(6).reshape(2, 3).transpose(0, 1);
    expect(numbers(x)).toEqual([0, 3, 1, 4, 2, 5]);
    expect(numbers(() => x().mul(2))).toEqual([0, 6, 2, 8, 4, 10]);
    expect(numbers(() => x().select(1, 1))).toEqual([3, 4, 5]);
    expect(scope(() => [...x().bytes()])).toEqual(scope(() => [...x().contiguous().bytes()]));
  });

  const refused = (make: () => unknown) => () => scope(make as () => never);
  test.each<[string, () => unknown, RegExp]>([
    ["more than memory", () => torch.zeros([2 ** 20, 2 ** 20]), /memory|alloc/i],
    [
      "more than numbers count",
      () => torch.zeros([2 ** 40, 2 ** 40]),
      /zeros|large|overflow|Storage/i,
    ],
    ["a negative size", () => torch.zeros([-1]), /negative/],
    ["a half of an element", () => torch.zeros([1.5]), /1\.5|whole|integer/i],
    [
      "a device that is not there",
      () => torch.zeros([1]).to({ device: "cuda:77" }),
      torch.hasCuda()
        ? /cuda/i
        : /there is no cuda:77: libtorch .* has no CUDA, or finds no device/,
    ],
    ["a device of no kind", () => torch.zeros([1]).to({ device: "toaster" }), /toaster|device/i],
    ["floats as indices", () => torch.ones([3]).indexSelect(0, torch.zeros([1])), /index|int/i],
    [
      "two types in one product",
      () => torch.ones([2, 2]).matmul(torch.ones([2, 2]).to({ dtype: "float64" })),
      /matmul.*(dtype|type)/i,
    ],
  ])("%s is an error of one line", (_, make, says) => {
    expect(refused(make)).toThrow(says);
  });
});
