import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { describe, expect, test } from "vitest";
import * as torch from "../../src/torch/index.js";
import { dispose, keep, liveMemory, scope, type Tensor, tensor } from "../../src/torch/index.js";

const ones = () => tensor(Float32Array.of(1, 1));

describe("scopes", () => {
  test("free what was made, keep what is returned or kept", () => {
    const before = liveMemory().tensors;
    const kept: Tensor[] = [];
    const { result } = scope(() => {
      ones().add(1);
      kept.push(keep(ones()));
      return { result: scope(() => ones().add(ones())) };
    });
    expect(liveMemory().tensors).toBe(before + 2);
    expect(result.numbers()).toEqual([2, 2]);
    dispose([result, kept]);
    expect(liveMemory().tensors).toBe(before);
  });
  test("free it when the function throws", () => {
    const before = liveMemory().tensors;
    expect(() =>
      scope(() => {
        ones().add(1);
        throw new Error("stop");
      }),
    ).toThrow("stop");
    expect(liveMemory().tensors).toBe(before);
  });
});

describe("what a scope returns", () => {
  const left = (body: () => unknown) => {
    const before = liveMemory().tensors;
    let error: unknown;
    try {
      dispose(scope(body));
    } catch (thrown) {
      error = thrown;
    }
    return { tensors: liveMemory().tensors - before, error };
  };

  test("may contain itself", () => {
    const body = () => {
      const made: Record<string, unknown> = { x: ones(), list: [ones()] };
      made.self = made;
      (made.list as unknown[]).push(made.list, made);
      return made;
    };
    expect(left(body)).toEqual({ tensors: 0, error: undefined });
    const cyclic = scope(body);
    expect((cyclic.x as Tensor).numbers()).toEqual([1, 1]);
    expect(keep(cyclic)).toBe(cyclic);
    dispose(cyclic);
    expect((cyclic.x as Tensor).isLive).toBe(false);
  });

  test("may be nested to any depth", () => {
    const deep = scope(() => {
      let value: unknown = ones();
      for (let i = 0; i < 100_000; i++) value = i % 2 ? [value] : { value };
      return value;
    });
    const before = liveMemory().tensors;
    dispose(deep);
    expect(liveMemory().tensors).toBe(before - 1);
  });

  test("may be a set, or an object without a prototype", () => {
    const { set, bare } = scope(() => ({
      set: new Set([ones()]),
      bare: Object.assign(Object.create(null), { x: ones() }) as { x: Tensor },
    }));
    expect([...set, bare.x].map((x) => x.isLive)).toEqual([true, true]);
    dispose([set, bare]);
  });

  test("may throw when it is looked at: then everything is freed", () => {
    const { tensors, error } = left(() => ({
      x: ones(),
      get trap() {
        throw new RangeError("the getter's own");
      },
    }));
    expect(error).toMatchObject({ message: "the getter's own" });
    expect(tensors).toBe(0);
  });
});

describe("a function that must be synchronous may not return a promise", () => {
  const brackets: Record<string, (body: () => unknown) => unknown> = {
    scope,
    noGrad: torch.noGrad,
    autocast: (body) => torch.autocast("bfloat16", body),
    listening: (body) => torch.listening(() => {}, body),
  };
  test.each(Object.entries(brackets))("%s", async (name, bracket) => {
    const before = liveMemory().tensors;
    const says = `${name}: the function returned a promise, but it must be synchronous`;
    const failing = async () => {
      ones();
      await undefined;
      throw new Error("later"); // must not end the process
    };
    expect(() => bracket(failing)).toThrow(says);
    // biome-ignore lint/suspicious/noThenProperty: what a promise of another library is
    expect(() => bracket(() => ({ then: () => {} }))).toThrow(says);
    expect(torch.gradEnabled()).toBe(true);
    if (name === "scope") expect(liveMemory().tensors).toBe(before);
    await new Promise((resolve) => setTimeout(resolve, 10));
  });
});

test("use after dispose is an error, also where the slot has a new tenant", () => {
  const gone = ones();
  gone.dispose();
  gone.dispose(); // twice is nothing
  expect(gone.isLive).toBe(false);
  const tenants = Array.from({ length: 100 }, ones);
  for (const use of [
    () => gone.numbers(),
    () => gone.shape,
    () => gone.add(1),
    () => ones().add(gone),
    () => gone.backward(),
    () => gone.requiresGrad,
    () => gone.array,
    () => torch.cat([ones(), gone]),
  ]) {
    expect(use).toThrow(/disposed/);
  }
  dispose(tenants);
});

test("1,000 training steps leave nothing behind", () => {
  const weight = keep(torch.randn([8, 3, 3, 3]));
  weight.requiresGrad = true;
  const step = () =>
    scope(() => {
      const y = torch.conv2d(torch.randn([2, 3, 16, 16]), weight, null, { padding: 1 });
      const loss = y.relu().mean();
      loss.backward();
      torch.noGrad(() => {
        weight.addInPlace(weight.grad as Tensor, -0.1);
        weight.grad = undefined;
      });
      return loss.item();
    });
  for (let i = 0; i < 50; i++) step();
  const before = liveMemory();
  const rss = process.memoryUsage.rss();
  for (let i = 0; i < 1000; i++) step();
  expect(liveMemory()).toEqual(before);
  expect(process.memoryUsage.rss() - rss).toBeLessThan(30 * 2 ** 20);
  weight.dispose();
});

test.skipIf(process.platform !== "linux")("large tensors leave no holes behind", () => {
  const mebibytes = (count: number) => keep(torch.ones([count, 1024, 256]));
  expect(() => torch.ones([2 ** 50])).toThrow(/memory/); // and raises no bound
  const before = process.memoryUsage.rss();
  const short: Tensor[] = [];
  const long: Tensor[] = [];
  for (let i = 0; i < 60; i++) {
    short.push(mebibytes(3));
    long.push(mebibytes(1));
  }
  dispose(short);
  // 60 holes of 3 MiB: no room for 4 MiB in any, so that a heap would grow to 420 MiB.
  const more = Array.from({ length: 45 }, () => mebibytes(4));
  expect(more.every((one) => one.mean().item() === 1)).toBe(true);
  expect(process.memoryUsage.rss() - before).toBeLessThan(280 * 2 ** 20);
  dispose([more, long]);
});

test("works inside a worker thread, apart from the main one's tensors", async () => {
  const built = fileURLToPath(new URL("../../dist/torch/index.js", import.meta.url));
  const code = `
    const { parentPort, workerData } = require("node:worker_threads");
    import(workerData).then(({ tensor, scope }) => {
      parentPort.postMessage(scope(() => tensor(Float32Array.of(1, 2)).mul(3).numbers()));
    });`;
  const mine = ones();
  const worker = new Worker(code, { eval: true, workerData: built });
  const answer = await new Promise((resolve, reject) => {
    worker.once("message", resolve);
    worker.once("error", reject);
  });
  expect(answer).toEqual([3, 6]);
  await worker.terminate();
  expect(mine.numbers()).toEqual([1, 1]);
  mine.dispose();
});
