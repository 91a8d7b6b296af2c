import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** Available memory and its limit, in bytes, and what sets the limit. */
export interface MemoryLeft {
  readonly left: number;
  readonly limit: number;
  readonly of: "machine" | "control group";
}

/**
 * The memory that is left before Linux kills the process: the smallest of MemAvailable and the limits
 * of the control groups of this process (containers, Slurm jobs; versions 1 and 2), whose file cache
 * counts as free. undefined if it cannot be read.
 * @param root the folder with /proc and /sys, for tests
 */
export function memoryLeft(root = "/"): MemoryLeft | undefined {
  const read = (path: string): string => {
    try {
      return readFileSync(join(root, path), "utf8");
    } catch {
      return "";
    }
  };
  const field = (text: string, name: string): number =>
    Number(new RegExp(`^${name}:?\\s+(\\d+)`, "m").exec(text)?.[1] ?? Number.NaN);
  const whole = (path: string): number => Number.parseInt(read(path), 10); // NaN for "max"

  const machine = (): MemoryLeft => {
    const text = read("proc/meminfo");
    const [left, limit] = [field(text, "MemAvailable") * 1024, field(text, "MemTotal") * 1024];
    return { left, limit, of: "machine" };
  };
  const group = (folder: string, [max, used, cache]: readonly string[]): MemoryLeft => {
    const limit = whole(`${folder}/${max}`);
    const idle = field(read(`${folder}/memory.stat`), cache as string) || 0;
    return { left: limit - whole(`${folder}/${used}`) + idle, limit, of: "control group" };
  };
  const groups = [...read("proc/self/cgroup").matchAll(/^\d+:(memory|):(.*)$/gm)].flatMap(
    ([, controller, path = "/"]) => {
      const [mount, ...files] = controller === "" ? VERSION_2 : VERSION_1;
      return upwards(path).map((each) => group(join(mount as string, each), files));
    },
  );
  return [machine(), ...groups]
    .filter(({ left }) => Number.isFinite(left))
    .sort((a, b) => a.left - b.left)[0];
}

const VERSION_2 = ["sys/fs/cgroup", "memory.max", "memory.current", "inactive_file"];
const VERSION_1 = [
  ...["sys/fs/cgroup/memory", "memory.limit_in_bytes", "memory.usage_in_bytes"],
  "total_inactive_file",
];

/** "/a/b" -> "/a/b", "/a", "/": the limits of all parent groups apply, too. */
function upwards(path: string): string[] {
  return path === "/" || !path.startsWith("/") ? ["/"] : [path, ...upwards(dirname(path))];
}

const LITTLE = 0.05;
const LITTLE_BYTES = 512 * 2 ** 20;

/** Milliseconds between two checks. */
const EVERY_MS = 1000;

/** Warns once when less than 5 % of the memory is left, at most 512 MiB; checks once a second. */
export function memoryWatch(warn: (sentence: string) => void, root?: string): () => void {
  let warned = false;
  let next = 0;
  return () => {
    if (warned || performance.now() < next) return;
    next = performance.now() + EVERY_MS;
    const memory = memoryLeft(root);
    if (!memory || memory.left > Math.min(LITTLE * memory.limit, LITTLE_BYTES)) return;
    warned = true;
    const mebi = (bytes: number) => `${Math.round(bytes / 2 ** 20)} MiB`;
    warn(
      `only ${mebi(memory.left)} of this ${memory.of}'s ${mebi(memory.limit)} of memory are left, and this ` +
        `process uses ${mebi(process.memoryUsage.rss())}: the kernel may soon kill the run without a ` +
        "message; reduce train.batch, sizes or network.width, or stop other programs",
    );
  };
}
