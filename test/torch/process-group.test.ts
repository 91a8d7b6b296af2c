import { createServer } from "node:net";
import { describe, expect, test } from "vitest";
import { freePort } from "../../src/cli/launch.js";
import { alone, joinProcessGroup, tensor } from "../../src/torch/index.js";
import { native } from "../../src/torch/native.js";
import { skipUnless } from "../skip.js";
import { userError } from "../user-error.js";
import { inRanks } from "./ranks.js";

const floats = (...numbers: number[]) => tensor(Float32Array.from(numbers));

test("with a single process, collective operations have no effect", () => {
  const x = floats(1, 2);
  alone.sum([x]);
  alone.average([x]);
  alone.broadcast([x]);
  alone.barrier();
  expect(x.numbers()).toEqual([1, 2]);
  x.dispose();
});

test("without c10d, several processes are an error that suggests what to install", async () => {
  const { openStore } = native;
  native.openStore = undefined as never;
  try {
    const joining = joinProcessGroup({ rank: 0, size: 2, host: "127.0.0.1", port: 1 }, 1);
    await userError(joining, "not-supported", "c10d", "libtorch-dev");
  } finally {
    native.openStore = openStore as never;
  }
});

describe("native objects", skipUnless(native.openStore !== undefined, "gloo"), () => {
  const x = floats(1);
  const store = async () => native.openStore?.("127.0.0.1", await freePort(), true, 5000) as never;

  test("are not accepted in place of each other, or of tensors", async () => {
    const open = await store();
    const group = native.connect(open, "a", 0, 1, "127.0.0.1", 5000) as never;
    const work = native.barrier(group) as never;
    const exchange = native.exchange(group, []) as never;
    const plain = Object.create(open) as never;
    const wrong: [() => unknown, RegExp][] = [
      ...[
        group,
        work,
        exchange,
        plain,
        {} as never,
        5 as never,
        undefined as never,
        x as never,
      ].map((other): [() => unknown, RegExp] => [
        () => native.storeGet(other, "a"),
        /expected a store/,
      ]),
      [() => native.connect(group, "a", 0, 1, "127.0.0.1", 5000), /expected a store/],
      [() => native.barrier(open), /expected a process group/],
      [() => native.sum(open, [x.handle]), /expected a process group/],
      [() => native.exchange(work, []), /expected a process group/],
      [() => native.wait(exchange), /expected an operation/],
      [() => native.exchangeWait(group), /expected an exchange/],
      [() => native.shape(open), /expected a tensor/],
      [() => native.sum(group, [open]), /expected a tensor/],
    ];
    for (const [use, says] of wrong) expect(use).toThrow(says);
    native.wait(work);
  });

  test("check their numbers", async () => {
    const open = await store();
    const wrong: [() => unknown, RegExp][] = [
      [() => native.openStore?.("127.0.0.1", 70000, true, 5000), /a port from 0 to 65535/],
      [() => native.openStore?.("127.0.0.1", 1, false, -1), /milliseconds from 1/],
      [() => native.connect(open, "a", 3, 2, "127.0.0.1", 5000), /a rank from 0 to 1/],
      [() => native.connect(open, "a", 0, 0, "127.0.0.1", 5000), /number of ranks from 1/],
      [() => native.connect(open, "a", -1, 2, "127.0.0.1", 5000), /a rank from 0 to 1/],
    ];
    for (const [use, says] of wrong) expect(use).toThrow(says);
  });
});

describe.concurrent("several processes", skipUnless(native.openStore !== undefined, "gloo"), () => {
  test("sum, average and broadcast tensors of several types, with the same bits on all", async () => {
    const ended = await inRanks(
      3,
      `
      const group = await join();
      const floats = (...numbers) => torch.tensor(Float32Array.from(numbers));
      const x = floats(rank, 1, 2), y = torch.tensor(BigInt64Array.from([BigInt(10 * rank)]));
      group.sum([x, y]);
      const thirds = floats(rank / 3, 0.1 * rank);
      group.average([thirds]);
      const [bytes, z] = [torch.tensor(Uint8Array.from([rank + 3])), floats(rank, rank + 0.5)];
      group.broadcast([bytes, z]);
      group.barrier();
      say([x, y, bytes, z, thirds].map((tensor) => tensor.numbers()));`,
    );
    const results = ended.map(({ out, err }) => {
      expect(err).toBe("");
      return JSON.parse(out) as number[][];
    });
    const [x, y, bytes, z, thirds] = results[0] as number[][];
    expect([x, y, bytes, z]).toEqual([[3, 3, 6], [30], [3], [0, 0.5]]);
    expect(thirds?.[0]).toBeCloseTo(1 / 3, 6);
    expect(results[1]).toEqual(results[0]);
    expect(results[2]).toEqual(results[0]);
  });

  test("average more than one bucket, in which gradients change in place", async () => {
    const ended = await inRanks(
      2,
      `
      const group = await join();
      const parts = Array.from({ length: 9 }, (_, i) => {
        const part = torch.zeros([i === 4 ? 8000000 : 1000003]);
        torch.noGrad(() => part.fillInPlace(rank * (i + 1)));
        return part;
      });
      group.average(parts);
      say(parts.map((part) => [part.mean().item(), part.sub(part.mean()).norm().item()]));`,
    );
    for (const { out, err } of ended) {
      expect(err).toBe("");
      expect(JSON.parse(out)).toEqual(Array.from({ length: 9 }, (_, i) => [(i + 1) / 2, 0]));
    }
  });

  test("gradients that are sent while others are computed are the mean of all passes", async () => {
    const ended = await inRanks(
      2,
      `
      const group = await join();
      const parameter = (count) => {
        const made = torch.zeros([count]);
        torch.noGrad(() => made.fillInPlace(1));
        made.requiresGrad = true;
        return made;
      };
      // More than one bucket; the last pass does not use b, and no pass uses c.
      const [a, b, c, d] = [5, 7000000, 3, 7000000].map(parameter);
      const exchange = group.exchange([a, b, c, d]);
      const loss = (...parts) => parts.map((part) => part.sum()).reduce((x, y) => x.add(y));
      const found = [];
      for (let step = 0; step < 2; step++) {
        torch.scope(() => loss(a, b).mul(1 + rank).backward());
        torch.scope(() => exchange.lastBackward(loss(d, a).mul(10 * rank)));
        exchange.average();
        found.push([a, b, d].map(({ grad }) => [grad.mean().item(), grad.sub(grad.mean()).norm().item()]));
        for (const { grad } of [a, b, d]) torch.noGrad(() => grad.fillInPlace(0));
      }
      torch.scope(() => loss(a).mul(rank).backward());
      exchange.average(); // without a last pass: all are sent now
      found.push([a.grad.mean().item(), c.grad === undefined]);
      // Ranks whose losses depend on different parameters also send in the same order.
      for (const { grad } of [a, b, d]) torch.noGrad(() => grad.fillInPlace(0));
      torch.scope(() => exchange.lastBackward(rank ? loss(d, a) : loss(a, b)));
      const late = [() => loss(a).backward(), () => exchange.lastBackward(loss(a))];
      for (const again of late) {
        try {
          torch.scope(again);
        } catch (error) {
          found.push(error.message);
        }
      }
      exchange.average();
      found.push([b.grad.mean().item(), d.grad.mean().item()]);
      try {
        group.exchange([torch.zeros([1])]);
      } catch (error) {
        found.push(error.message);
      }
      say(found);`,
    );
    const mean = [
      [6.5, 0],
      [1.5, 0],
      [5, 0],
    ];
    for (const { out, err } of ended) {
      expect(err).toBe("");
      expect(JSON.parse(out)).toEqual([
        ...[mean, mean, [0.5, true]],
        expect.stringMatching(/a gradient came after the step's last back-propagation/),
        expect.stringMatching(/a step has one last back-propagation/),
        [0.5, 0.5],
        expect.stringMatching(/parameters that require a gradient/),
      ]);
    }
  });

  const dying = (end: string) => `
    const group = await join();
    const x = torch.zeros([1000]);
    group.sum([x]);
    if (rank === 1) { ${end} }
    group.sum([x]);`;

  test("a rank that is killed is named by the others", async () => {
    const ended = await inRanks(3, dying(`process.kill(process.pid, "SIGKILL");`));
    expect(ended.map(({ code }) => code)).toEqual([1, null, 1]);
    expect(ended[0]?.err).toMatch(/^rank 0 lost rank 1 \(.*\); the last checkpoint is intact/);
    expect(ended[2]?.err).toMatch(/^rank 2 lost rank 1 /);
  });

  test("a rank that hangs is named after the timeout", async () => {
    const end = "await new Promise((resolve) => setTimeout(resolve, 100_000));";
    const ended = await inRanks(2, dying(end), { timeout: 10, still: 1 });
    expect(ended[0]?.code).toBe(1);
    expect(ended[0]?.err).toMatch(/^rank 0 waited 10 s for rank 1 \(Timed out/);
  });

  test("a rank that never joins is named", async () => {
    const ended = await inRanks(3, "await join();", { timeout: 10, absent: [1] });
    const first =
      /^rank 0 waited 10 s at 127\.0\.0\.1:\d+ for rank 1 of 3: start all 3 .* MASTER_PORT/;
    expect(ended[0]?.err).toMatch(first);
    // Newer versions of libtorch log a broken pipe before it.
    expect(ended[1]?.err).toMatch(/^rank 2 (waited 10 s|lost rank 0) .* for rank 1 /m);
    expect(ended.map(({ code }) => code)).toEqual([1, 1]);
  });

  test("without rank 0 the error names its address", async () => {
    const [, ended] = [0, ...(await inRanks(2, "await join();", { timeout: 1, absent: [0] }))];
    expect(ended?.err).toMatch(/^rank 1 .*\brank 0 at .* \(ECONNREFUSED\).* MASTER_ADDR/);
  });

  test("a port that is in use is an error", async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, resolve));
    const { port } = server.address() as { port: number };
    const joining = joinProcessGroup({ rank: 0, size: 2, host: "127.0.0.1", port }, 2);
    await userError(joining, "rank-unreachable", "rank 0", `127.0.0.1:${port}`, "MASTER_PORT");
    server.close();
  });
});
