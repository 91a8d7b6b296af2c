import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { lockRunFolder } from "../../src/train/run-lock.js";
import { inTemporaryFolder } from "../datasets/fixtures.js";

const lockIn = (folder: string) => join(folder, "run.lock");
const owner = (folder: string) => JSON.parse(readFileSync(lockIn(folder), "utf8"));
const held = (folder: string, changes: object) =>
  writeFileSync(lockIn(folder), JSON.stringify({ ...owner(folder), ...changes }));

test("one process at a time; given back, another may have it", async () => {
  await inTemporaryFolder(async (folder) => {
    const release = lockRunFolder(folder);
    expect(owner(folder).pid).toBe(process.pid);
    expect(() => lockRunFolder(folder)).toThrow(
      new RegExp(`is being written by process ${process.pid}: `),
    );
    release();
    expect(existsSync(lockIn(folder))).toBe(false);
    lockRunFolder(folder)();
  });
});

test("a process that was killed leaves nothing that counts", async () => {
  await inTemporaryFolder(async (folder) => {
    const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"]);
    const release = lockRunFolder(folder);
    held(folder, { pid: child.pid, began: "1" }); // another process has its number now
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

test("a torn lock counts for nothing, one of another host until it is removed", async () => {
  await inTemporaryFolder(async (folder) => {
    writeFileSync(lockIn(folder), '{"pid": 1');
    const release = lockRunFolder(folder);
    held(folder, { host: "elsewhere" });
    expect(() => lockRunFolder(folder)).toThrow(/ on elsewhere: .*remove .*run\.lock/);
    release();
  });
});
