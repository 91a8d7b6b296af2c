// Without a GPU: what is captured, and when. `npm run gpu` compares captured steps with others on a GPU.
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { constant } from "../../src/torch/constant.js";
import { cudaGraph, liveMemory, scope, type Tensor, tensor } from "../../src/torch/index.js";
import { native } from "../../src/torch/native.js";

/** The calls of the addon in order. Between the two calls of a capture, the CPU computes as always. */
let log: string[] = [];
beforeEach(() => {
  log = [];
  const graph = { is: "graph" } as const;
  Object.assign(native, {
    beginCapture() {
      log.push("begin");
      return graph;
    },
    endCapture: () => log.push("end"),
    abandonCapture: () => log.push("abandon"),
    replayGraph: () => log.push("replay"),
    disposeGraph: () => log.push("dispose"),
  });
});
afterEach(() => {
  const names = ["beginCapture", "endCapture", "abandonCapture", "replayGraph", "disposeGraph"];
  for (const name of names) Reflect.deleteProperty(native, name);
});

const row = (...values: number[]) => tensor(Float32Array.from(values));

describe("cudaGraph", () => {
  test("computes three calls, captures the fourth with copies of its inputs, replays it and later ones", () => {
    const graph = cudaGraph();
    const seen: Tensor[] = [];
    const body = ({ x }: { x: Tensor }) => {
      log.push("body");
      seen.push(x);
      return { doubled: x.mul(2) };
    };
    const outside = liveMemory();
    scope(() => {
      const x = row(1, 2);
      for (let i = 0; i < 3; i++) graph.run("", { x }, body);
      expect(log).toEqual(["body", "body", "body"]);
      expect(seen.every((one) => one === x)).toBe(true);

      log = [];
      const fourth = graph.run("", { x }, body);
      expect(log).toEqual(["begin", "body", "end", "replay"]);
      const own = seen[3] as Tensor;
      expect(own).not.toBe(x);
      expect(fourth.doubled.numbers()).toEqual([2, 4]);

      log = [];
      const fifth = graph.run("", { x: row(3, 4) }, body);
      expect(log).toEqual(["replay"]);
      expect(fifth.doubled).toBe(fourth.doubled); // with new values on a GPU
      expect(own.numbers()).toEqual([3, 4]);
    });
    graph.dispose();
    expect(log.at(-1)).toBe("dispose");
    expect(liveMemory()).toEqual(outside);
  });

  test.each<[string, () => [string, Tensor]]>([
    ["another name", () => ["second", row(1, 2)]],
    ["another shape", () => ["first", row(1, 2, 3)]],
    ["another type", () => ["first", tensor(Int32Array.of(1, 2))]],
  ])("begins again with %s", (_, other) => {
    const graph = cudaGraph();
    const call = (name: string, x: Tensor) => graph.run(name, { x }, (own) => own.x.add(1));
    scope(() => {
      for (let i = 0; i < 4; i++) call("first", row(1, 2));
      log = [];
      const [name, x] = other();
      for (let i = 0; i < 3; i++) expect(call(name, x).numbers()).toEqual(x.add(1).numbers());
      expect(log).toEqual(["dispose"]);
      call(name, x);
      expect(log).toEqual(["dispose", "begin", "end", "replay"]);
    });
    graph.dispose();
  });

  test("computes every call if the capture fails, and warns once", () => {
    const warnings: string[] = [];
    const graph = cudaGraph((sentence) => warnings.push(sentence));
    let capturing = false;
    const outside = liveMemory();
    scope(() => {
      const x = row(1, 2);
      for (let i = 0; i < 6; i++) {
        const sum = graph.run("", x, (own) => {
          capturing = log.at(-1) === "begin";
          if (capturing)
            throw new Error("operation not permitted when stream is capturing\nsecond line");
          return own.sum();
        });
        expect(sum.item()).toBe(3);
      }
    });
    expect(log).toEqual(["begin", "abandon"]);
    expect(warnings).toEqual([
      "a step cannot be captured as a CUDA graph, so its operators are launched one by one (operation " +
        "not permitted when stream is capturing); train.graphs=false does not try.",
    ]);
    expect(liveMemory()).toEqual(outside);
  });

  test("computes every call if the end of the capture fails", () => {
    const graph = cudaGraph();
    native.endCapture = () => {
      log.push("end");
      throw new Error("out of memory");
    };
    const outside = liveMemory();
    scope(() => {
      const x = row(1, 2);
      for (let i = 0; i < 5; i++) expect(graph.run("", x, (own) => own.sum()).item()).toBe(3);
    });
    expect(log).toEqual(["begin", "end", "abandon"]);
    expect(liveMemory()).toEqual(outside);
  });

  test("keeps the constants that it captured, also when the cache has forgotten them", () => {
    const graph = cudaGraph();
    const made: Tensor[] = [];
    const factor = () =>
      constant("a factor of the test", () => {
        const one = row(2);
        made.push(one);
        return one;
      });
    scope(() => {
      for (let i = 0; i < 4; i++) graph.run("", { x: row(1) }, ({ x }) => x.mul(factor()));
    });
    for (let i = 0; i < 40; i++) constant(`another constant of the test ${i}`, () => row(i));
    expect(made).toHaveLength(1);
    expect((made[0] as Tensor).isLive).toBe(true);
    scope(() => factor());
    expect(made).toHaveLength(2); // it was forgotten
    graph.dispose();
    expect(made.map(({ isLive }) => isLive)).toEqual([false, true]); // the second one is in the cache
  });
});
