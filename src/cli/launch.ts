import { type ChildProcess, fork } from "node:child_process";
import { randomInt } from "node:crypto";
import { createServer } from "node:net";
import { availableParallelism, constants } from "node:os";
import { UserError } from "../errors.js";

/** Time for a process to end: to report its error, or to save. */
const GRACE_MS = 5000;
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * Runs this command again in `processes` processes on this host, as torchrun does, and divides the
 * threads among them. Signals are passed on to all; if one fails, the others are ended. Returns the exit
 * code of the first that failed, else 0.
 */
export async function launch(processes: number): Promise<number> {
  if (processes < 1) throw new UserError("invalid-value", "--processes 0: expected 1 or more");
  const port = await freePort();
  const threads = Math.max(1, Math.floor(availableParallelism() / processes));
  const [, script, ...args] = process.argv as [string, string, ...string[]];
  const children = Array.from({ length: processes }, (_, rank) =>
    fork(script, args, {
      env: {
        ...{ OMP_NUM_THREADS: `${threads}`, OPENBLAS_NUM_THREADS: `${threads}`, ...process.env },
        ...{ MASTER_ADDR: "127.0.0.1", MASTER_PORT: `${port}` },
        ...{ RANK: `${rank}`, LOCAL_RANK: `${rank}`, WORLD_SIZE: `${processes}` },
        LOCAL_WORLD_SIZE: `${processes}`,
        [LAUNCHED]: "1",
      },
    }),
  );
  const pass = (signal: NodeJS.Signals) => signalAll(children, signal);
  for (const signal of SIGNALS) process.on(signal, pass);
  try {
    return await firstFailure(children);
  } finally {
    for (const signal of SIGNALS) process.off(signal, pass);
  }
}

const LAUNCHED = "CFCONTRA_LAUNCHED";

/** Whether `launch` has started this process, which then ends with its launcher. */
export function isLaunched(): boolean {
  if (process.env[LAUNCHED] === undefined || !process.channel) return false;
  process.once("disconnect", () => process.exit(1));
  process.channel.unref();
  return true;
}

/** Waits for all processes, and ends the others if one fails. */
function firstFailure(children: readonly ChildProcess[]): Promise<number> {
  return new Promise((resolve, reject) => {
    let running = children.length;
    let code: number | undefined;
    const timers: NodeJS.Timeout[] = [];
    for (const [rank, child] of children.entries()) {
      child.once("error", (error) => {
        running--;
        code ??= 1;
        signalAll(children, "SIGKILL"); // those that started wait for this one
        reject(error);
      });
      child.once("exit", (own, signal) => {
        running--;
        const failed = signal ? 128 + constants.signals[signal] : (own as number);
        if (failed !== 0 && code === undefined) {
          code = failed;
          if (running > 0) {
            // An interrupted run also ends like this, each rank with 130.
            const how = signal ? `was ended by ${signal}` : `ended with exit code ${own}`;
            if (own !== 130) process.stderr.write(`rank ${rank} ${how}; ending the others\n`);
            const end = (signal: NodeJS.Signals) => () => signalAll(children, signal);
            timers.push(setTimeout(end("SIGTERM"), GRACE_MS));
            timers.push(setTimeout(end("SIGKILL"), 2 * GRACE_MS));
          }
        }
        if (running > 0) return;
        for (const timer of timers) clearTimeout(timer);
        resolve(code ?? 0);
      });
    }
  });
}

function signalAll(children: readonly ChildProcess[], signal: NodeJS.Signals): void {
  for (const child of children) {
    if (child.exitCode === null && child.signalCode === null) child.kill(signal);
  }
}

/** A free port of this host, outside the usual ranges from which systems give ports to other processes. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(20_000, 32_000);
    const server = createServer();
    const isFree = await new Promise<boolean>((resolve, reject) => {
      server.once("error", (error: NodeJS.ErrnoException) =>
        error.code === "EADDRINUSE" ? resolve(false) : reject(error),
      );
      server.listen(port, "127.0.0.1", () => resolve(true));
    });
    if (!isFree) continue;
    await new Promise((resolve) => server.close(resolve));
    return port;
  }
}
