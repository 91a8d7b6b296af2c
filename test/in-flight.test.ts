import { setTimeout as pause } from "node:timers/promises";
import { expect, test } from "vitest";
import { inFlight } from "../src/in-flight.js";

test("calls with every index, in order, and at most `limit` at once", async () => {
  const begun: number[] = [];
  let [running, most] = [0, 0];
  await inFlight(7, 3, async (index) => {
    begun.push(index);
    most = Math.max(most, ++running);
    await pause(1);
    running--;
  });
  expect(begun).toEqual([0, 1, 2, 3, 4, 5, 6]);
  expect(most).toBe(3);
});

test("after an error it begins no more, and waits for those that have begun", async () => {
  const ended: number[] = [];
  let begun = 0;
  const work = async (index: number) => {
    begun++;
    if (index === 1) throw new Error("the second");
    await pause(5);
    ended.push(index);
  };
  await expect(inFlight(100, 3, work)).rejects.toThrow("the second");
  expect([begun, ended]).toEqual([3, [0, 2]]);
});

test("an abort begins no more and is not an error", async () => {
  const stop = new AbortController();
  let begun = 0;
  await inFlight(10, 1, async () => void (++begun === 2 && stop.abort()), stop.signal);
  expect(begun).toBe(2);
});
