import { readFileSync } from "node:fs";

/**
 * utime and stime of a process, as Linux gives them in hundredths of a second; NaN elsewhere.
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
