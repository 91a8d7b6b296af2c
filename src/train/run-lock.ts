import { lstatSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { UserError, writing } from "../errors.js";
import { partFor } from "../write-atomically.js";

const NAME = "run.lock";
/** How long a lock may stay incomplete: its process may be waiting for a processor. */
const WRITING_MS = 2000;

/** The process that writes a run folder. */
interface Owner {
  readonly pid: number;
  readonly host: string;
  /** Start time of the process from /proc: tells it from a later process with the same id. */
  readonly began: string;
}

/**
 * Makes this process the only one that writes a run folder. A lock of a dead process is ignored. A
 * lock of another host stays until it is removed, since its process cannot be checked.
 * @returns a function that releases the lock
 * @throws UserError naming the process that holds it
 */
export function lockRunFolder(folder: string): () => void {
  const path = join(folder, NAME);
  const own: Owner = { pid: process.pid, host: hostname(), began: beganAt(process.pid) };
  while (!created(path, own)) {
    const owner = ownerOf(path);
    if (owner === "none") continue; // released just now
    if (typeof owner === "object" && isAlive(owner))
      throw new UserError("run-locked", refusal(folder, path, owner));
    removeStale(path);
  }
  const release = () => {
    process.off("exit", release);
    if (isDeepStrictEqual(readOwner(path), own)) rmSync(path, { force: true }); // else it was taken over
  };
  process.once("exit", release);
  return release;
}

/**
 * Removes the lock of a dead process. Another process may have replaced it by its own in the meantime; that is put
 * back, unless a third one has been quicker.
 */
export function removeStale(path: string): void {
  const aside = partFor(path);
  try {
    renameSync(path, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return; // another process has removed it
    throw error;
  }
  const owner = ownerOf(aside);
  if (typeof owner === "object" && isAlive(owner)) created(path, owner);
  rmSync(aside);
}

/** Creates the lock. Returns whether it did not exist. */
const created = (path: string, owner: Owner): boolean =>
  writing(path, () => {
    try {
      writeFileSync(path, JSON.stringify(owner), { flag: "wx" });
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
      throw error;
    }
  });

const refusal = (folder: string, path: string, { pid, host }: Owner): string =>
  host === hostname()
    ? `${folder} is in use by process ${pid}: wait until it ends, or choose another folder`
    : `${folder} is in use by process ${pid} on ${host}: wait until it ends; if it has ended, remove ${path}`;

/** "none" without a lock; "unknown" if the lock stays incomplete: after a crash of the machine. */
function ownerOf(path: string): Owner | "none" | "unknown" {
  const until = Date.now() + WRITING_MS;
  let owner = readOwner(path);
  while (owner === "unknown" && Date.now() < until) {
    pause(5); // its process may be writing it
    owner = readOwner(path);
  }
  return owner;
}

function readOwner(path: string): Owner | "none" | "unknown" {
  try {
    const { pid, host, began } = JSON.parse(readFileSync(path, "utf8")) as Partial<Owner>;
    return typeof pid === "number" && typeof host === "string"
      ? { pid, host, began: String(began) }
      : "unknown";
  } catch {
    return lstatSync(path, { throwIfNoEntry: false }) ? "unknown" : "none"; // a link may lead nowhere
  }
}

function pause(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

function isAlive({ pid, host, began }: Owner): boolean {
  if (host !== hostname()) return true;
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM"; // a process of another user
  }
  return beganAt(pid) === began;
}

/** The start time of a process in ticks since boot; "" without /proc. */
function beganAt(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "";
  } catch {
    return "";
  }
}
