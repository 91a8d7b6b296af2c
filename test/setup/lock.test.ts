import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { withLock } from "../../setup/lock.js";
import { inTemporaryFolder } from "../datasets/fixtures.js";

const module = fileURLToPath(new URL("../../setup/lock.js", import.meta.url));

function owned(lock: string, owner: object): void {
  mkdirSync(lock, { recursive: true });
  writeFileSync(join(lock, "owner.json"), JSON.stringify(owner));
}

describe("withLock", () => {
  test("returns the result of the work, and releases the lock, also after an error", async () => {
    await inTemporaryFolder(async (root) => {
      const lock = join(root, "build", "lock");
      const inside = () => {
        const { pid } = JSON.parse(readFileSync(join(lock, "owner.json"), "utf8"));
        expect(pid).toBe(process.pid);
        return 7;
      };
      expect(withLock(lock, inside)).toBe(7);
      const fail = () => {
        throw new Error("work failed");
      };
      expect(() => withLock(lock, fail)).toThrow("work failed");
      expect(readdirSync(join(root, "build"))).toEqual([]);
    });
  });

  test("takes over the lock of a dead process, or of one whose id was reused", async () => {
    await inTemporaryFolder(async (root) => {
      const lock = join(root, "lock");
      const waits: number[] = [];
      const onWait = (pid: number) => waits.push(pid);
      const dead = spawn(process.execPath, ["-e", ""]);
      await new Promise((resolve) => dead.on("exit", resolve));
      owned(lock, { pid: dead.pid, host: hostname(), started: "1" });
      expect(withLock(lock, () => "after the dead", { onWait })).toBe("after the dead");
      owned(lock, { pid: process.ppid, host: hostname(), started: "0" });
      expect(withLock(lock, () => "after the other", { onWait })).toBe("after the other");
      expect(waits).toEqual([]);
      expect(existsSync(lock)).toBe(false);
    });
  });

  test("admits one process at a time", async () => {
    await inTemporaryFolder(async (root) => {
      const [lock, log] = [join(root, "lock"), join(root, "log")];
      writeFileSync(log, "");
      const program = `
        import { appendFileSync } from "node:fs";
        import { withLock } from ${JSON.stringify(module)};
        const say = (word) => appendFileSync(${JSON.stringify(log)}, word + process.pid + "\\n");
        withLock(${JSON.stringify(lock)}, () => {
          say("in ");
          Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 60);
          say("out ");
        }, { pollMs: 5, onWait: () => say("wait ") });`;
      const exits = Array.from({ length: 4 }, () => {
        const child = spawn(process.execPath, ["--input-type=module", "-e", program]);
        return new Promise((resolve) => child.on("exit", resolve));
      });
      expect(await Promise.all(exits)).toEqual([0, 0, 0, 0]);
      const lines = readFileSync(log, "utf8").trim().split("\n");
      const turns = lines.filter((line) => !line.startsWith("wait"));
      expect(turns).toHaveLength(8);
      for (let i = 0; i < turns.length; i += 2) {
        const pid = turns[i]?.split(" ")[1];
        expect(turns.slice(i, i + 2)).toEqual([`in ${pid}`, `out ${pid}`]);
      }
      expect(new Set(turns).size).toBe(8);
      expect(existsSync(lock)).toBe(false);
    });
  });
});
