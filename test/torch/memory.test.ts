import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { describe, expect, test } from "vitest";
import * as torch from "../../src/torch/index.js";
import { dispose, keep, liveMemory, scope, type Tensor, tensor } from "../../src/torch/index.js";
import { skipUnless } from "../skip.js";

const onLinux = skipUnless(process.platform === "linux", "linux");
const ones = () => tensor(Float32Array.of(1, 1));

describe("scopes", () => {
  test("free new tensors, except those that are returned or kept", () => {
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

test("results that a caller cannot use are freed", () => {
  const x = torch.ones([3, 2]);
  const before = liveMemory().tensors;
  for (const [use, says] of [
    [
      () => torch.operator("linalg_svd")(x),
      'linalg_svd does not return one tensor: call it with operators("linalg_svd")',
    ],
    [
      () => torch.operators("neg")(x),
      'neg does not return a list of tensors: call it with operator("neg")',
    ],
    [() => torch.operators("histogramdd")(x, [2, 2]), "does not return a list of tensors"],
  ] as const) {
    expect(use).toThrow(says);
  }
  expect(liveMemory().tensors).toBe(before);
  x.dispose();
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

  test("may throw when it is read: then everything is freed", () => {
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

test("use after dispose is an error, even if another tensor has the slot", () => {
  const gone = ones();
  gone.dispose();
  gone.dispose(); // no effect
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

test("large tensors do not fragment memory", onLinux, () => {
  const mebibytes = (count: number) => keep(torch.ones([count, 1024, 256]));
  expect(() => torch.ones([2 ** 50])).toThrow(/memory/); // and does not raise the bound
  const before = process.memoryUsage.rss();
  const short: Tensor[] = [];
  const long: Tensor[] = [];
  for (let i = 0; i < 60; i++) {
    short.push(mebibytes(3));
    long.push(mebibytes(1));
  }
  dispose(short);
  // 60 holes of 3 MiB: 4 MiB do not fit into any, so a heap would grow to 420 MiB.
  const more = Array.from({ length: 45 }, () => mebibytes(4));
  expect(more.every((one) => one.mean().item() === 1)).toBe(true);
  expect(process.memoryUsage.rss() - before).toBeLessThan(280 * 2 ** 20);
  dispose([more, long]);
});

/** The message that `body` posts in a worker; in it, `torch` is the library and `given` the argument. */
async function inWorker(body: string, given: unknown = null): Promise<unknown> {
  const built = fileURLToPath(new URL("../../dist/torch/index.js", import.meta.url));
  const code = `
    const { parentPort, workerData: { built, given } } = require("node:worker_threads");
    import(built).then((torch) => parentPort.postMessage((() => { ${body} })()));`;
  const worker = new Worker(code, { eval: true, workerData: { built, given } });
  const answer = await new Promise((resolve, reject) => {
    worker.once("message", resolve);
    worker.once("error", reject);
  });
  await worker.terminate();
  return answer;
}

test("works in a worker thread, separate from the main thread's tensors", async () => {
  const mine = ones();
  const work = "return torch.scope(() => torch.tensor(Float32Array.of(1, 2)).mul(3).numbers());";
  expect(await inWorker(work)).toEqual([3, 6]);
  expect(mine.numbers()).toEqual([1, 1]);
  mine.dispose();
});

test("a tensor that was posted to a worker is an error there, not another tensor", async () => {
  const mine = ones();
  const use = `
    const own = torch.ones([5]);
    const says = (use) => { try { return use(); } catch ({ message }) { return message; } };
    const received = new torch.Tensor(given.handle);
    return [received.isLive, says(() => torch.cat([own, given]).shape), says(() => received.shape)];`;
  expect(await inWorker(use, { handle: mine.handle })).toEqual([
    false,
    expect.stringMatching(/cat: .*belongs to another thread: post its elements instead/),
    expect.stringMatching(/belongs to another thread/),
  ]);
  mine.dispose();
});

describe("memory between JavaScript and libtorch", () => {
  const zeroed = () => new Float32Array(2 ** 20);
  const sum = (x: Tensor) => scope(() => x.sum().item());

  test("a tensor does not change with the array that it was created from", () => {
    const buffer = new ArrayBuffer(2 ** 22, { maxByteLength: 2 ** 23 } as never) as ArrayBuffer & {
      resize(bytes: number): void;
    };
    const array = new Float32Array(buffer).fill(1);
    const x = tensor(array);
    buffer.resize(0);
    expect(sum(x)).toBe(2 ** 20);

    const other = zeroed().fill(2);
    const y = tensor(other);
    structuredClone(other.buffer, { transfer: [other.buffer] });
    expect(other.length).toBe(0);
    expect(sum(y)).toBe(2 ** 21);
    dispose([x, y]);
  });

  test("an array that has shrunk, or is detached, has no elements", () => {
    const buffer = new ArrayBuffer(16, { maxByteLength: 16 } as never) as ArrayBuffer & {
      resize(bytes: number): void;
    };
    const fixed = new Float32Array(buffer, 0, 4);
    buffer.resize(8);
    expect(() => tensor(fixed, [4])).toThrow(/needs 16 bytes, but the array has 0/);
    const gone = new Float32Array(4);
    structuredClone(gone.buffer, { transfer: [gone.buffer] });
    expect(() => tensor(gone, [4])).toThrow(/needs 16 bytes, but the array has 0/);
    // The array shrinks while the shape is read.
    const late = new Float32Array(new ArrayBuffer(16, { maxByteLength: 16 } as never));
    const shape = Object.defineProperty([0], 0, {
      get() {
        (late.buffer as typeof buffer).resize(0);
        return 4;
      },
    });
    expect(() => tensor(late, shape as number[])).toThrow(/needs 16 bytes, but the array has 0/);
  });

  test("an array keeps the old memory of a tensor that gets new memory", () => {
    const x = torch.ones([1000]);
    const [array, again] = [x.array, x.array];
    torch.inPlace("resize_")(x, [2 ** 22]);
    const others = Array.from({ length: 100 }, () => torch.zeros([1000]));
    expect(array.every((value) => value === 1)).toBe(true);
    array[0] = 5;
    expect(again[0]).toBe(5);
    expect(x.shape).toEqual([2 ** 22]);
    x.fillInPlace(3);
    expect([x.array[0], x.array.length, array[1]]).toEqual([3, 2 ** 22, 1]);
    dispose([x, others]);
    expect(again[999]).toBe(1);
  });

  test.each<[string, () => Tensor]>([
    ["reaches beyond its storage", () => torch.operator("_reshape_alias")(ones(), [2 ** 24], [1])],
    ["has no storage", () => torch.operator("to_sparse")(ones())],
    ["has zeros for memory", () => torch.operator("_efficientzerotensor")([2])],
    ["is negated when it is read", () => torch.operator("_neg_view")(ones())],
    ["is on no device", () => torch.empty([2], { device: "meta" })],
  ])("there is no array over a tensor that %s", (_, make) => {
    expect(() => scope(() => make().array)).toThrow(/expected a (contiguous )?tensor/);
  });
});
