import { execFile } from "node:child_process";
import { promisify } from "node:util";

const run = promisify(execFile);

/**
 * Runs four processes at once, each of which takes a lock many times. While it holds the lock it makes a folder that
 * exists already if another process holds the lock as well.
 * @param folder an empty folder, for what the processes write
 * @param imports import statements of the program
 * @param take an expression that calls `inside()` while the lock is held, and returns whether it was held
 * @throws if two processes hold the lock at once, or if this takes more than four minutes
 */
export async function fourTakeTurns(folder: string, imports: string, take: string): Promise<void> {
  const program = `
    import { mkdirSync, rmdirSync } from "node:fs";
    ${imports}
    const alone = ${JSON.stringify(`${folder}/alone`)};
    const inside = () => { mkdirSync(alone); rmdirSync(alone); return true; };
    const pause = new Int32Array(new SharedArrayBuffer(4));
    for (let turns = 0; turns < 200; ) {
      if (${take}) turns++;
      else Atomics.wait(pause, 0, 0, Math.random());
    }`;
  const takeTurns = () =>
    run(process.execPath, ["--input-type=module", "-e", program], { timeout: 240_000 });
  await Promise.all(Array.from({ length: 4 }, takeTurns));
}
