import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** Bytes that may still be taken, of how many, and whose limit that is. */
export interface MemoryLeft {
  readonly left: number;
  readonly limit: number;
  readonly of: "machine" | "control group";
}

/**
 * What is left before Linux ends a process: the least of what the machine can give (MemAvailable) and
 * the limits of the control groups above this process (containers, Slurm jobs), of either version, whose
 * file cache counts as free. undefined where nothing says it.
 * @param root where /proc and /sys are, for tests
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

/** "/a/b" -> "/a/b", "/a", "/": the limit of every group above holds, too. */
function upwards(path: string): string[] {
  return path === "/" || !path.startsWith("/") ? ["/"] : [path, ...upwards(dirname(path))];
}

const LITTLE = 0.05;
const LITTLE_BYTES = 512 * 2 ** 20;

/** Warns, once, when less than a twentieth of the memory is left, or 512 MiB where that is less. */
export function memoryWatch(warn: (sentence: string) => void, root?: string): () => void {
  let warned = false;
  return () => {
    if (warned) return;
    const memory = memoryLeft(root);
    if (!memory || memory.left > Math.min(LITTLE * memory.limit, LITTLE_BYTES)) return;
    warned = true;
    const mebi = (bytes: number) => `${Math.round(bytes / 2 ** 20)} MiB`;
    warn(
      `only ${mebi(memory.left)} of this ${memory.of}'s ${mebi(memory.limit)} of memory are left, and this ` +
        `process holds ${mebi(process.memoryUsage.rss())}: the kernel may soon end the run without a ` +
        "word; make train.batch, sizes or network.width smaller, or end other programs",
    );
  };
}
