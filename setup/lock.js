import { mkdirSync, readFileSync, renameSync, rmSync, statSync } from "node:fs";
import { hostname } from "node:os";
import { dirname, join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { readJson, writeJson } from "./stamp.js";

const FOREIGN_STALE_MS = 30 * 60_000; // a process on another host cannot be checked
const GUARD_STALE_MS = 10_000;

/**
 * Runs `work` while holding the lock directory `lock`; waits for another process that holds it. The
 * directory is renamed into place with its owner in it, and renamed away before it is removed: an empty
 * directory could be taken during its removal. The lock of a dead process is taken over. Calls
 * `onWait(pid)` once if it has to wait.
 * @template T
 * @param {string} lock
 * @param {() => T} work
 * @param {{ onWait?: (pid: number) => void, pollMs?: number }} [options]
 * @returns {T}
 */
export function withLock(lock, work, { onWait = () => {}, pollMs = 100 } = {}) {
  mkdirSync(dirname(lock), { recursive: true });
  const mine = `${lock}.${hostname()}.${process.pid}`; // process ids repeat in containers
  rmSync(mine, { recursive: true, force: true });
  mkdirSync(mine);
  writeJson(join(mine, "owner.json"), self());
  let waited = false;
  try {
    while (!claim(mine, lock)) {
      if (removeIfStale(lock)) continue;
      if (!waited) onWait(readJson(join(lock, "owner.json"))?.pid);
      waited = true;
      sleep(pollMs);
    }
  } catch (error) {
    rmSync(mine, { recursive: true, force: true });
    throw error;
  }
  try {
    return work();
  } finally {
    release(lock, mine);
  }
}

// The lock is another's if it was taken over: that of another host after a long time, for example.
/** @param {string} lock @param {string} mine */
function release(lock, mine) {
  if (!isDeepStrictEqual(readJson(join(lock, "owner.json")), self())) return;
  moveAway(lock, mine);
  rmSync(mine, { recursive: true, force: true });
}

/** @param {string} lock @param {string} to */
function moveAway(lock, to) {
  try {
    renameSync(lock, to);
  } catch (error) {
    // ENOENT: another process has released or taken it in the meantime
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== "ENOENT") throw error;
  }
}

/** @param {string} mine @param {string} lock */
function claim(mine, lock) {
  try {
    renameSync(mine, lock); // fails if a non-empty directory has the name
    return true;
  } catch (error) {
    const { code } = /** @type {NodeJS.ErrnoException} */ (error);
    if (code === "ENOTEMPTY" || code === "EEXIST") return false;
    throw error;
  }
}

// Two waiting processes may find the same dead owner. Only the one that creates the guard may remove the
// lock, after a second check, so that it does not remove a lock that the other has just taken.
/** @param {string} lock */
function removeIfStale(lock) {
  if (!stale(lock)) return false;
  const guard = `${lock}.takeover`;
  try {
    mkdirSync(guard);
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== "EEXIST") throw error;
    if (age(guard) > GUARD_STALE_MS) rmSync(guard, { recursive: true, force: true });
    return false;
  }
  try {
    if (stale(lock)) moveAway(lock, join(guard, "lock"));
  } finally {
    rmSync(guard, { recursive: true, force: true });
  }
  return true;
}

/** @param {string} lock */
function stale(lock) {
  const owner = readJson(join(lock, "owner.json"));
  if (!owner) return age(lock) > GUARD_STALE_MS; // just released, or incomplete after a crash of the machine
  if (owner.host !== hostname()) return age(lock) > FOREIGN_STALE_MS;
  return !alive(owner);
}

function self() {
  return { pid: process.pid, host: hostname(), started: startTime(process.pid) };
}

/** @param {{ pid: number, started: string | null }} owner */
function alive({ pid, started }) {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM: it is alive, and of another user
    if (/** @type {NodeJS.ErrnoException} */ (error).code === "ESRCH") return false;
  }
  return started === startTime(pid);
}

// Process ids are reused, soon in containers; the start time tells two owners apart.
/** @param {number} pid */
function startTime(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? null;
  } catch {
    return null;
  }
}

/** @param {string} path */
function age(path) {
  try {
    return Date.now() - statSync(path).mtimeMs;
  } catch {
    return 0;
  }
}

/** @param {number} ms */
function sleep(ms) {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
