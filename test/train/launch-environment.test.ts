import { expect, test } from "vitest";
import { placeOf } from "../../src/train/index.js";
import { firstHost } from "../../src/train/launch-environment.js";
import { userError } from "../user-error.js";

const torch = { RANK: "3", WORLD_SIZE: "8", MASTER_ADDR: "node1", MASTER_PORT: "1234" };

test("there is no group without the variables, or with one process", () => {
  expect(placeOf({})).toBeUndefined();
  expect(placeOf({ RANK: "0", WORLD_SIZE: "1" })).toBeUndefined();
  expect(placeOf({ MASTER_ADDR: "node1", LOCAL_RANK: "1" })).toBeUndefined();
  expect(placeOf({ SLURM_PROCID: "0", SLURM_NTASKS: "1" })).toBeUndefined();
});

test("the variables of torchrun and of a PyTorchJob", () => {
  const place = { rank: 3, size: 8, host: "node1", port: 1234 };
  expect(placeOf(torch)).toEqual({ ...place, localRank: 0, served: false, attempt: "0" });
  const elastic = { TORCHELASTIC_USE_AGENT_STORE: "True", TORCHELASTIC_RESTART_COUNT: "2" };
  const found = placeOf({ ...torch, LOCAL_RANK: "1", ...elastic });
  expect(found).toEqual({ ...place, localRank: 1, served: true, attempt: "2" });
  expect(placeOf({ ...torch, MASTER_PORT: undefined })?.port).toBe(29500);
});

test("the variables of Slurm, which those of torchrun override", () => {
  const slurm = { SLURM_PROCID: "5", SLURM_NTASKS: "8", SLURM_LOCALID: "1" };
  const job = { ...slurm, SLURM_JOB_NODELIST: "gpu[003-004]", SLURM_JOB_ID: "41002" };
  const place = { rank: 5, size: 8, localRank: 1 };
  expect(placeOf(job)).toEqual({ ...place, host: "gpu003", port: 29502 });
  const chosen = { MASTER_ADDR: "10.0.0.1", MASTER_PORT: "4000" };
  expect(placeOf({ ...job, ...chosen })).toEqual({ ...place, host: "10.0.0.1", port: 4000 });
  expect(placeOf({ ...job, ...torch })?.rank).toBe(3);
});

test.each([
  ["gpu[003-007,9],cpu1", "gpu003"],
  ["gpu7", "gpu7"],
  ["a1,b2", "a1"],
  ["rack[2,4]-gpu", "rack2-gpu"],
])("the first host of %s is %s", (list, first) => {
  expect(firstHost(list)).toBe(first);
});

test.each([
  [{ WORLD_SIZE: "2" }, ["RANK is missing", "WORLD_SIZE", "MASTER_ADDR"]],
  [{ RANK: "1" }, ["WORLD_SIZE is missing"]],
  [{ ...torch, RANK: "eight" }, ['RANK is "eight"']],
  [{ ...torch, RANK: "8" }, ["RANK is 8", "WORLD_SIZE is 8", "0 to 7"]],
  [{ ...torch, MASTER_ADDR: "" }, ["WORLD_SIZE is 8", "MASTER_ADDR is missing"]],
  [{ SLURM_PROCID: "0", SLURM_NTASKS: "2" }, ["SLURM_NTASKS is 2", "SLURM_JOB_NODELIST"]],
])("%j is refused", async (env, names) => {
  await userError(() => placeOf(env), "launch-environment", ...names);
});
