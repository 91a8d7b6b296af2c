import { readFileSync } from "node:fs";

/**
 * User and system time of a process on Linux, in seconds; NaN on other systems.
 * @param {number | undefined} pid
 */
export function processorSeconds(pid) {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
    return (Number(fields[11]) + Number(fields[12])) / 100;
  } catch {
    return Number.NaN;
  }
}
