import fc from "fast-check";
import { afterEach, describe, expect, it, vi } from "vitest";
import { camvid11 } from "../../src/datasets/class-sets.js";
import type { Dataset, Sample } from "../../src/datasets/dataset.js";
import { createLoader, ordered } from "../../src/datasets/loader.js";
import { createSampler } from "../../src/datasets/sampler.js";

const size = { width: 4, height: 2 };

/** A data set in memory that counts its loads; `broken` samples reject. */
function counted(length: number, broken: readonly number[] = []) {
  const loads: number[] = [];
  const dataset: Dataset = {
    name: "counted",
    classes: camvid11,
    labelled: true,
    names: Array.from({ length }, (_, index) => `${index}`),
    async load(index) {
      loads.push(index);
      await new Promise((resolve) => setTimeout(resolve, (index * 7) % 5)); // finish out of order
      if (broken.includes(index)) throw new Error(`sample ${index} is broken`);
      const image = new Uint8Array(24).fill(index);
      return { ...size, name: `${index}`, image, label: new Uint8Array(8) };
    },
  };
  return { dataset, loads };
}

async function draw(dataset: Dataset, batches: number, options: { batch: number; start?: number }) {
  const loader = createLoader(dataset, { size, seed: 5, ...options });
  const drawn: string[] = [];
  for (let i = 0; i < batches; i++) drawn.push(...(await loader.next()).map(({ name }) => name));
  loader.close();
  return drawn;
}

describe("createSampler", () => {
  it("visits every index once per epoch", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 50 }), fc.integer(), fc.nat(1000), (n, seed, epoch) => {
        const at = createSampler(n, seed);
        const visited = Array.from({ length: n }, (_, i) => at(epoch * n + i));
        expect(visited.sort((a, b) => a - b)).toEqual(Array.from({ length: n }, (_, i) => i));
      }),
    );
  });

  it("depends on seed and position, not on the order of calls", () => {
    fc.assert(
      fc.property(fc.integer(), fc.array(fc.nat(500), { minLength: 1 }), (seed, positions) => {
        const fresh = positions.map((k) => createSampler(17, seed)(k));
        expect(positions.map(createSampler(17, seed))).toEqual(fresh);
      }),
    );
  });

  it("shuffles: epochs and seeds differ, and places are about equally likely", () => {
    const epoch = (seed: number, e: number) =>
      Array.from({ length: 40 }, (_, i) => createSampler(40, seed)(e * 40 + i)).join();
    expect(new Set([epoch(1, 0), epoch(1, 1), epoch(2, 0), epoch(2, 1), epoch(1, 2)]).size).toBe(5);
    const first = new Array<number>(8).fill(0);
    for (let seed = 0; seed < 4000; seed++) {
      const index = createSampler(8, seed)(0);
      first[index] = (first[index] as number) + 1;
    }
    for (const count of first) expect(Math.abs(count - 500)).toBeLessThan(110); // 5 deviations
  });
});

describe("createLoader", () => {
  afterEach(() => vi.useRealTimers());

  it("draws batches in the sampler's order, across epochs", async () => {
    const at = createSampler(5, 5);
    const drawn = await draw(counted(5).dataset, 4, { batch: 3 });
    expect(drawn).toEqual(Array.from({ length: 12 }, (_, k) => `${at(k)}`));
  });

  it("resumes where a stream stopped", async () => {
    const { dataset } = counted(7);
    const whole = await draw(dataset, 10, { batch: 2 });
    expect(await draw(dataset, 5, { batch: 2, start: 10 })).toEqual(whole.slice(10));
  });

  it("reads ahead, decodes a small set once, and keeps to its memory budget", async () => {
    const small = counted(6);
    const loader = createLoader(small.dataset, { batch: 1, size, seed: 1 });
    expect(small.loads.length).toBe(6); // 8 ahead, two of them for the second time
    for (let i = 0; i < 30; i++) await loader.next();
    expect(small.loads.length).toBe(6);
    loader.close();

    const large = counted(20);
    const tight = createLoader(large.dataset, { batch: 1, size, seed: 1, cacheBytes: 10 * 32 });
    for (let i = 0; i < 60; i++) await tight.next();
    // Epoch one reads 20; ten stay, so each further epoch reads ten (some read ahead).
    expect(large.loads.length).toBeGreaterThanOrEqual(40);
    expect(large.loads.length).toBeLessThanOrEqual(52);
    tight.close();
  });

  it("reports a broken sample in its turn and nowhere else", async () => {
    const at = createSampler(4, 5);
    const broken = at(2);
    const unhandled: unknown[] = [];
    const listener = (reason: unknown) => unhandled.push(reason);
    process.on("unhandledRejection", listener);
    const { dataset } = counted(4, [broken]);
    const loader = createLoader(dataset, { batch: 1, size, seed: 5 });
    await new Promise((resolve) => setTimeout(resolve, 30));
    await loader.next();
    await loader.next();
    await expect(loader.next()).rejects.toThrow(`sample ${broken} is broken`);
    expect((await loader.next())[0]?.name).toBe(`${at(3)}`);
    loader.close();
    await expect(loader.next()).rejects.toThrow("the loader is closed");
    await new Promise((resolve) => setTimeout(resolve, 20));
    process.off("unhandledRejection", listener);
    expect(unhandled).toEqual([]);
  });

  it("counts only the time that next waits", async () => {
    vi.useFakeTimers({ toFake: ["performance"] });
    let read = () => {};
    const slow: Dataset = {
      ...counted(4).dataset,
      async load(index) {
        if (index === 2) await new Promise<void>((resolve) => (read = resolve));
        return { ...size, name: `${index}`, image: new Uint8Array(24) } satisfies Sample;
      },
    };
    const loader = createLoader(slow, { batch: 1, size, seed: 1, order: (k) => k % 4 });
    for (let step = 0; step < 2; step++) {
      await loader.next();
      vi.advanceTimersByTime(1000); // training
    }
    expect(loader.waited()).toBe(0);
    const next = loader.next();
    vi.advanceTimersByTime(700);
    read();
    await next;
    loader.close();
    expect(loader.waited()).toBe(700);
  });

  it("does not wait for a disk that is as fast as training", async () => {
    let turns = 0; // of the event loop
    const count = () => {
      turns++;
      counting = setImmediate(count);
    };
    let counting = setImmediate(count);
    const slow: Dataset = {
      ...counted(500).dataset,
      // As many turns as reading and decoding take; training, which blocks the loop, gives none.
      async load(index) {
        for (let turn = 0; turn < 4; turn++) await new Promise((resolve) => setImmediate(resolve));
        return { ...size, name: `${index}`, image: new Uint8Array(24) } satisfies Sample;
      },
    };
    const loader = createLoader(slow, { batch: 4, size, seed: 1, cacheBytes: 0 });
    await loader.next();
    const taken: number[] = [];
    for (let step = 0; step < 30; step++) {
      const before = turns;
      await loader.next();
      taken.push(turns - before);
    }
    loader.close();
    clearImmediate(counting);
    expect(Math.max(...taken)).toBeLessThanOrEqual(1);
  });
});

describe("ordered", () => {
  it("yields every sample in order, a few ahead", async () => {
    const { dataset, loads } = counted(11);
    const names: string[] = [];
    for await (const sample of ordered(dataset, size, { ahead: 3 })) {
      if (names.length === 0) expect(loads.length).toBeLessThanOrEqual(5);
      names.push(sample.name);
    }
    expect(names).toEqual(dataset.names);
    expect(loads).toHaveLength(11);
  });

  it("throws at the broken sample, after those before it", async () => {
    const { dataset } = counted(6, [3, 4]);
    const names: string[] = [];
    const run = async () => {
      for await (const { name } of ordered(dataset)) names.push(name);
    };
    await expect(run()).rejects.toThrow("sample 3 is broken");
    expect(names).toEqual(["0", "1", "2"]);
  });
});
