import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { reportIn } from "./report.js";

/**
 * @typedef {import("./report.js").Report} Report
 *
 * @typedef {object} Outcome what came of a step
 * @property {string} name
 * @property {number} seconds
 * @property {Report[]} reports
 * @property {string} [problem] why it did not end by itself with exit code 0
 */

const LAST_LINES = 12;

/**
 * Runs a step in its own process, and ends it and its children after `limit` seconds. What it reported
 * before that counts.
 * @param {{ name: string, command: readonly string[], limit: number, env?: NodeJS.ProcessEnv,
 *   onReport: (report: Report) => void, onOutput: (line: string) => void }} step
 * @returns {Promise<Outcome>}
 */
export async function runStep({ name, command, limit, env, onReport, onOutput }) {
  const [program = "", ...args] = command;
  const began = performance.now();
  // A process group of its own, which includes the programs that the step starts.
  const child = spawn(program, args, { env, detached: true, stdio: ["ignore", "pipe", "pipe"] });
  const end = () => endGroup(child.pid);
  const endWithUs = () => {
    end();
    process.exit(130);
  };
  for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM"])) process.on(signal, endWithUs);
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    end();
  }, 1000 * limit);
  /** @type {Report[]} */
  const reports = [];
  /** @type {string[]} */
  const last = [];
  createInterface({ input: child.stdout }).on("line", (line) => {
    const report = reportIn(line);
    if (!report) return onOutput(line);
    reports.push(report);
    onReport(report);
  });
  createInterface({ input: child.stderr }).on("line", (line) => {
    last.push(line);
    if (last.length > LAST_LINES) last.shift();
    onOutput(line);
  });
  const problem = await new Promise((resolve) => {
    child.once("error", ({ message }) => resolve(message));
    child.once("close", (code, signal) => {
      if (late) resolve(`stopped at its limit of ${Math.round(limit)} s`);
      else if (code === 0) resolve(undefined);
      else resolve([`ended with ${signal ?? `exit code ${code}`}`, ...last].join("\n"));
    });
  });
  clearTimeout(timer);
  end(); // what the step has left running
  for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM"])) process.off(signal, endWithUs);
  const seconds = (performance.now() - began) / 1000;
  return { name, seconds, reports, ...(problem !== undefined && { problem }) };
}

/** @param {number | undefined} pid */
function endGroup(pid) {
  if (pid === undefined) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // All of it has ended.
  }
}
