import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { freePort } from "../../src/cli/launch.js";
import { libtorchVersion } from "../../src/torch/index.js";
import { native } from "../../src/torch/native.js";
import { preset, tiny, trainCommand } from "../cli/cli.js";
import { inTemporaryFolder, makeDomains } from "../datasets/fixtures.js";
import { skipUnless } from "../skip.js";
import { type Ended, type Running, start } from "../torch/ranks.js";

/** Starts a command as the ranks of one group, with the variables of torchrun. */
function startRanks(port: number, size: number, args: readonly string[]): Running[] {
  const group = { MASTER_ADDR: "127.0.0.1", MASTER_PORT: `${port}`, WORLD_SIZE: `${size}` };
  return Array.from({ length: size }, (_, rank) =>
    start(trainCommand(...args), { env: { ...group, RANK: `${rank}`, LOCAL_RANK: `${rank}` } }),
  );
}

/** Waits for the first line of metrics; what the process printed, if it ends before that, is the error. */
async function untilLogged(run: string, { child, ended }: Running): Promise<void> {
  const metrics = join(run, "metrics.jsonl");
  while (!existsSync(metrics) || readFileSync(metrics, "utf8") === "") {
    if (child.exitCode !== null) throw new Error((await ended).err);
    await setTimeout(50);
  }
}

/** The ranks that a process has started, in order, from /proc. */
function ranksOf(pid: number): number[] {
  const parentOf = (each: string) => {
    try {
      return Number(/\) \S (\d+)/.exec(readFileSync(`/proc/${each}/stat`, "utf8"))?.[1]);
    } catch {
      return undefined; // it has ended
    }
  };
  const all = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  const rankOf = (each: string) =>
    Number(/\bRANK=(\d+)/.exec(readFileSync(`/proc/${each}/environ`, "utf8"))?.[1]);
  const ranks = all.filter((each) => parentOf(each) === pid);
  return ranks.sort((a, b) => rankOf(a) - rankOf(b)).map(Number);
}

const ip = (...args: string[]) => spawnSync("ip", args).status === 0;
/** A Python with the libtorch of the addon: the launcher needs the same version. */
const python = ["/usr/bin/python3", join(process.env.VIRTUAL_ENV ?? "/usr", "bin", "python3")].find(
  (path) => {
    const code = "import torch, torch.distributed.run; print(torch.__version__)";
    return spawnSync(path, ["-c", code], { encoding: "utf8" }).stdout?.startsWith(libtorchVersion);
  },
);
const namespaces = ip("netns", "add", "cfcontra-probe") && ip("netns", "del", "cfcontra-probe");

/** Two connected network namespaces, 10.213.7.1 and 10.213.7.2, with a process in each. */
async function onTwoHosts(begin: (host: string, rank: number) => Running): Promise<Ended[]> {
  const hosts = [`cfa${process.pid}`, `cfb${process.pid}`] as const;
  try {
    for (const host of hosts) ip("netns", "add", host);
    const [a, b] = hosts;
    ip("-n", a, "link", "add", "cable", "type", "veth", "peer", "name", "cable", "netns", b);
    for (const [i, host] of hosts.entries()) {
      ip("-n", host, "addr", "add", `10.213.7.${i + 1}/24`, "dev", "cable");
      for (const device of ["lo", "cable"]) ip("-n", host, "link", "set", device, "up");
    }
    return await Promise.all(hosts.map((host, rank) => begin(host, rank).ended));
  } finally {
    for (const host of hosts) ip("netns", "del", host);
  }
}

describe("ranks started by", skipUnless(native.openStore !== undefined, "gloo"), () => {
  test("a killed rank ends the others with an error that names it; a restart resumes", async () => {
    await inTemporaryFolder(async (root) => {
      await makeDomains(root, 4, 3);
      const train = { ...tiny(root).train, steps: 100000, checkpointEvery: 5 };
      const run = join(root, "run");
      const path = await preset(root, tiny(root, { method: "minent", train }));
      const args = ["--preset", path, "--out", run, "--timeout", "30"];
      const [first, second] = startRanks(await freePort(), 2, args) as [Running, Running];
      await untilLogged(run, first);
      second.child.kill("SIGKILL");
      const { code, err } = await first.ended;
      expect(code).toBe(1);
      expect(err).toMatch(/^error: rank 0 lost rank 1 .*checkpoint/m);
      await second.ended;
      expect(JSON.parse(readFileSync(join(run, "status.json"), "utf8")).state).toBe("failed");

      const [checkpoint] = readdirSync(join(run, "checkpoints")).slice(-1);
      const steps = Number(/\d+/.exec(checkpoint as string)) + 3;
      const more = ["--set", `train.steps=${steps}`, "--processes", "2"];
      const restarted = await start(trainCommand("--resume", run, ...more)).ended;
      expect(restarted.err).not.toMatch(/error/);
      expect(restarted.code).toBe(0);
      expect(JSON.parse(readFileSync(join(run, "result.json"), "utf8")).steps).toBe(steps);
    });
  });

  test("--processes ends all when one dies, and forwards Ctrl-C, after which rank 0 saves", async () => {
    await inTemporaryFolder(async (root) => {
      await makeDomains(root, 4, 3);
      const train = { ...tiny(root).train, steps: 100000, checkpointEvery: 50000 };
      const path = await preset(root, tiny(root, { method: "source-only", train }));
      const begin = async (name: string) => {
        const run = join(root, name);
        const launched = start(trainCommand("--preset", path, "--out", run, "--processes", "2"));
        await untilLogged(run, launched);
        return { run, launched, pid: launched.child.pid as number };
      };
      const { launched, run, pid } = await begin("interrupted");
      process.kill(pid, "SIGINT");
      const interrupted = await launched.ended;
      expect(interrupted.code).toBe(130);
      expect(interrupted.err).toMatch(/stopped after step \d+; resume with/);
      expect(readdirSync(join(run, "checkpoints"))).toHaveLength(1);

      const bereft = await begin("bereft");
      const ranks = ranksOf(bereft.pid);
      expect(ranks).toHaveLength(2);
      process.kill(ranks[1] as number, "SIGKILL");
      const { code, err } = await bereft.launched.ended;
      expect(code).toBe(137);
      expect(err).toMatch(/rank 1 was ended by SIGKILL; ending the others/);
      expect(err).toMatch(/rank 0 lost rank 1/);
      for (const rank of ranks) expect(() => process.kill(rank, 0)).toThrow();
    });
  });

  test("torchrun starts it", skipUnless(python !== undefined, "torchrun"), async () => {
    await inTemporaryFolder(async (root) => {
      await makeDomains(root, 4, 3);
      const run = join(root, "run");
      const args = ["--preset", await preset(root, tiny(root)), "--out", run, "--timeout", "60"];
      const port = `${await freePort()}`;
      // With Python 3.11, PyTorch 1.13 can only redirect (-r) and show (-t).
      const ranks = ["--nproc_per_node", "2", "--master_port", port, "-r", "1", "-t", "1"];
      const { code, err } = await start([
        ...[python as string, "-m", "torch.distributed.run", "--no_python", ...ranks],
        ...trainCommand(...args),
      ]).ended;
      expect(err).toMatch(/2 processes meet at/);
      expect(code).toBe(0);
      expect(existsSync(join(run, "result.json"))).toBe(true);
    });
  });

  test("two hosts in network namespaces", skipUnless(namespaces, "namespaces"), async () => {
    await inTemporaryFolder(async (root) => {
      await makeDomains(root, 4, 3);
      const run = join(root, "run");
      const args = ["--preset", await preset(root, tiny(root)), "--out", run, "--timeout", "60"];
      const env = { MASTER_ADDR: "10.213.7.1", MASTER_PORT: "29500", WORLD_SIZE: "2" };
      const results = await onTwoHosts((host, rank) =>
        start([...["ip", "netns", "exec", host], ...trainCommand(...args)], {
          env: { ...env, RANK: `${rank}`, LOCAL_RANK: "0" },
        }),
      );
      for (const { code, err } of results) {
        expect(err).not.toMatch(/error/);
        expect(code).toBe(0);
      }
      expect(results[0]?.err).toMatch(/2 processes meet at 10\.213\.7\.1:29500/);
      expect(existsSync(join(run, "result.json"))).toBe(true);
    });
  });
});
