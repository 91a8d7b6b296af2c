// Process groups: one process on the group that serves the device, NCCL for a GPU, and two processes that
// share the device through Gloo.
import { join } from "node:path";
import { dispose, keep, scope, tensor, useDevice } from "../../../dist/torch/index.js";
import { native } from "../../../dist/torch/native.js";
import { readJsonLines } from "../../../dist/train/index.js";
import { largestDifference } from "../difference.js";
import { streets, succeed, written } from "../experiment.js";
import { attempt, check, skip, within } from "../report.js";
import { device, inScratch, isGpu } from "../settings.js";

const backend = isGpu ? "NCCL" : "Gloo";

/**
 * The losses in a run's log.
 * @param {string} run
 */
function lossesOf(run) {
  /** @type {Record<string, number>[]} */
  const lines = readJsonLines(join(run, "metrics.jsonl"));
  const isLoss = (/** @type {[string, number]} */ [name]) =>
    /^(source|target|contrast)\//.test(name);
  return lines.map((line) => Object.fromEntries(Object.entries(line).filter(isLoss)));
}

/** @param {number[]} values */
const onDevice = (...values) => tensor(Float32Array.from(values)).to({ device });

await attempt(`one process on ${backend}`, () => {
  if (native.openStore === undefined) return skip(`one process on ${backend}`, "needs c10d");
  useDevice(device);
  const one = keep(scope(() => onDevice(1, 2, 3)));
  if (!native.serves(one.handle)) return skip(`one process on ${backend}`, "not compiled in");
  const store = native.openStore("127.0.0.1", 0, true, 20_000);
  const group = native.connect(store, "gpu", 0, 1, "127.0.0.1", 20_000);
  native.wait(native.sum(group, [one.handle]));
  check(`${backend}: a sum`, String(one.numbers()) === "1,2,3", String(one.numbers()));
  native.wait(native.broadcast(group, one.handle, 0));
  check(`${backend}: a broadcast`, String(one.numbers()) === "1,2,3", String(one.numbers()));
  native.wait(native.barrier(group));
  check(`${backend}: a barrier`, true);

  const weights = [onDevice(1, 2, 3), onDevice(4, 5)].map((weight) => keep(weight));
  for (const weight of weights) weight.requiresGrad = true;
  const handles = weights.map(({ handle }) => handle);
  const exchange = native.exchange(
    group,
    handles.map((handle) => [handle]),
  );
  scope(() => {
    const [a, b] = weights;
    if (!a || !b) throw new Error("two weights were expected");
    const loss = a.mul(a).sum().add(b.mul(3).sum());
    native.exchangeExpect(exchange, loss.handle);
    loss.backward();
    native.exchangeSendRest(exchange);
    native.exchangeWait(exchange);
    const found = `${a.grad?.numbers()};${b.grad?.numbers()}`;
    check(`${backend}: gradients sent during back-propagation`, found === "2,4,6;3,3", found);
  });
  dispose([one, ...weights]);
});

await inScratch(async (data) => {
  await attempt("two processes", () => {
    if (native.openStore === undefined)
      return skip("two processes that share the device", "needs c10d");
    const losses = ["cpu", device].map((where, i) => {
      const train = { steps: 2, batch: 1, rate: 1e-4 };
      const name = `${i}`;
      const preset = written(data, name, streets(where, { width: 64, count: 4, train }));
      const [out, two] = [join(data, name), ["--processes", "2"]];
      succeed("train", "--preset", preset, "--data", data, "--out", out, ...two);
      return lossesOf(out);
    });
    const [ours = [], theirs = []] = losses;
    within("two processes that share the device, losses", largestDifference(theirs, ours), 1e-4);
  });
});
