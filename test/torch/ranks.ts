import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { freePort } from "../../src/cli/launch.js";

/** The output of a process, and how it ended. */
export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** A process and its end. */
export interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
}

export function start(
  command: readonly string[],
  options: { env?: NodeJS.ProcessEnv; cwd?: string; messages?: boolean } = {},
): Running {
  const [program, ...args] = command as [string, ...string[]];
  const { env = {}, messages = false, ...rest } = options;
  const child = spawn(program, args, {
    ...rest,
    env: { ...process.env, OMP_NUM_THREADS: "1", ...env },
    stdio: ["ignore", "pipe", "pipe", ...(messages ? (["ipc"] as const) : [])],
  });
  const printed = { out: "", err: "" };
  child.stdout?.on("data", (text) => {
    printed.out += text;
  });
  child.stderr?.on("data", (text) => {
    printed.err += text;
  });
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, ...printed }));
  });
  return { child, ended };
}

export const dist = fileURLToPath(new URL("../../dist/", import.meta.url));

/**
 * Runs the body of an async function in `size` processes, as ranks of one group: in it, `torch` is
 * the library, `join` joins the group, `rank` is the number of the process. All begin after the last has
 * loaded the library, so that `timeout`, in seconds, does not include the start of processes on a busy
 * machine. The rank `still` is killed when the others have ended.
 */
export async function inRanks(
  size: number,
  body: string,
  { timeout = 20, absent = [] as number[], still = -1 } = {},
): Promise<Ended[]> {
  const port = await freePort();
  const program = (rank: number) => `
    import * as torch from "${dist}torch/index.js";
    const rank = ${rank};
    const place = { rank, size: ${size}, host: "127.0.0.1", port: ${port} };
    const join = () => torch.joinProcessGroup(place, ${timeout});
    const say = (value) => console.log(JSON.stringify(value));
    process.send("ready");
    await new Promise((resolve) => process.once("message", resolve));
    process.disconnect();
    try { ${body} } catch (error) { console.error(error.message); process.exitCode = 1; }`;
  const ranks = Array.from({ length: size }, (_, rank) => rank).filter(
    (rank) => !absent.includes(rank),
  );
  const running = ranks.map((rank) =>
    start([process.execPath, "--input-type=module", "-e", program(rank)], { messages: true }),
  );
  const ready = ({ child, ended }: Running) => Promise.race([once(child, "message"), ended]);
  await Promise.all(running.map(ready));
  for (const { child } of running) child.send("begin");
  await Promise.all(running.filter((_, i) => ranks[i] !== still).map(({ ended }) => ended));
  running[ranks.indexOf(still)]?.child.kill("SIGKILL");
  return Promise.all(running.map(({ ended }) => ended));
}
