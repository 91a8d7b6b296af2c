import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { withLock } from "../../setup/lock.js";
import { inTemporaryFolder } from "../datasets/fixtures.js";
import { fourTakeTurns } from "../turns.js";

const module = fileURLToPath(new URL("../../setup/lock.js", import.meta.url));

function owned(lock: string, owner: object): void {
  mkdirSync(lock, { recursive: true });
  writeFileSync(join(lock, "owner.json"), JSON.stringify(owner));
}

/** In ticks since boot (proc(5), field 22). */
function startTime(pid: number): string | undefined {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
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

  test("admits one process at a time, also at the moment of a release", async () => {
    await inTemporaryFolder(async (root) => {
      const lock = JSON.stringify(join(root, "lock"));
      const imports = `import { withLock } from ${JSON.stringify(module)};`;
      const take = `withLock(${lock}, inside, { pollMs: Math.random() })`;
      await fourTakeTurns(root, imports, take);
      expect(readdirSync(root)).toEqual([]);
    });
  });

  test("leaves the lock of another process that has taken it over", async () => {
    await inTemporaryFolder(async (root) => {
      const lock = join(root, "lock");
      const other = { pid: 1, host: "elsewhere", started: "1" };
      expect(withLock(lock, () => owned(lock, other) ?? "done")).toBe("done");
      expect(JSON.parse(readFileSync(join(lock, "owner.json"), "utf8"))).toEqual(other);
    });
  });

  test("says once for whom it waits", async () => {
    await inTemporaryFolder(async (root) => {
      const lock = join(root, "lock");
      owned(lock, { pid: process.ppid, host: hostname(), started: startTime(process.ppid) });
      const waits: number[] = [];
      const onWait = (pid: number) => {
        waits.push(pid);
        spawn("sh", ["-c", 'sleep 0.2; rm -r "$0"', lock]); // many polls later
      };
      expect(withLock(lock, () => "after the wait", { onWait, pollMs: 1 })).toBe("after the wait");
      expect(waits).toEqual([process.ppid]);
    });
  });
});
