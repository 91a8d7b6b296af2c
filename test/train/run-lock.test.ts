import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { lockRunFolder, removeStale } from "../../src/train/run-lock.js";
import { inTemporaryFolder } from "../datasets/fixtures.js";
import { fourTakeTurns } from "../turns.js";
import { userError } from "../user-error.js";

const lockIn = (folder: string) => join(folder, "run.lock");
const owner = (folder: string) => JSON.parse(readFileSync(lockIn(folder), "utf8"));
const held = (folder: string, changes: object) =>
  writeFileSync(lockIn(folder), JSON.stringify({ ...owner(folder), ...changes }));

test("one process holds the lock; after its release another may", async () => {
  await inTemporaryFolder(async (folder) => {
    const release = lockRunFolder(folder);
    expect(owner(folder).pid).toBe(process.pid);
    await userError(() => lockRunFolder(folder), "run-locked", folder, `process ${process.pid}: `);
    release();
    expect(existsSync(lockIn(folder))).toBe(false);
    lockRunFolder(folder)();
  });
});

test("the lock of a killed process is ignored", async () => {
  await inTemporaryFolder(async (folder) => {
    const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"]);
    const release = lockRunFolder(folder);
    held(folder, { pid: child.pid, began: "1" }); // another process has its id now
    lockRunFolder(folder);
    expect(owner(folder).pid).toBe(process.pid);
    child.kill("SIGKILL");
    await once(child, "exit");
    held(folder, { pid: child.pid });
    lockRunFolder(folder);
    expect(owner(folder).pid).toBe(process.pid);
    release();
  });
});

test("the lock of a process that was quicker to replace a dead one's stays", async () => {
  await inTemporaryFolder(async (folder) => {
    const release = lockRunFolder(folder);
    const own = owner(folder);
    removeStale(lockIn(folder));
    expect(owner(folder)).toEqual(own);
    held(folder, { began: "1" });
    removeStale(lockIn(folder));
    removeStale(lockIn(folder)); // another process has removed it
    expect(readdirSync(folder)).toEqual([]);
    release();
  });
});

test("an incomplete lock is ignored, one of another host holds until it is removed", async () => {
  await inTemporaryFolder(async (folder) => {
    writeFileSync(lockIn(folder), '{"pid": 1');
    const release = lockRunFolder(folder);
    held(folder, { host: "elsewhere" });
    const names = [`process ${process.pid} on elsewhere: `, `remove ${lockIn(folder)}`];
    await userError(() => lockRunFolder(folder), "run-locked", ...names);
    release();
    expect(owner(folder).host).toBe("elsewhere"); // it has taken the lock over
  });
});

test("of processes that start at once in one folder, one at a time has the lock", async () => {
  await inTemporaryFolder(async (folder) => {
    const module = new URL("../../dist/train/run-lock.js", import.meta.url);
    const imports = `
      import { lockRunFolder } from ${JSON.stringify(module)};
      function locked(folder) {
        try {
          return lockRunFolder(folder);
        } catch (error) {
          if (error.code !== "run-locked") throw error;
        }
      }`;
    const take = `((release) => { if (release) inside(); release?.(); return release; })(locked(${JSON.stringify(folder)}))`;
    await fourTakeTurns(folder, imports, take);
    expect(readdirSync(folder)).toEqual([]);
  });
});
