// Rows of docs/results/*.json: what a finished run says about itself.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";

/**
 * @typedef {object} Row
 * @property {string} row its name in the protocol
 * @property {number} seed
 * @property {string} method
 * @property {number} steps
 * @property {number} seconds of training, without evaluation
 * @property {Record<string, { miou: number, iou: (number | null)[] }>} scores of the last snapshot
 * @property {Record<string, [step: number, miou: number][]>} history by evaluation set
 * @property {string} command
 * @property {string} commit of the code; "+" if it had uncommitted changes
 * @property {{ node: string, libtorch: string, processor: string, gpu?: string }} versions
 */

/**
 * The row of a complete run folder.
 * @param {string} run
 * @param {{ row: string, seed: number, command: string, commit: string }} identity
 * @returns {Row}
 */
export function describe(run, { row, seed, command, commit }) {
  const read = (/** @type {string} */ name) => readFileSync(join(run, name), "utf8");
  const { method, steps, seconds, scores } = JSON.parse(read("result.json"));
  const { node, libtorch, processor, gpu } = JSON.parse(read("environment.json"));
  /** @type {Row["history"]} */
  const history = {};
  for (const line of read("metrics.jsonl").trim().split("\n")) {
    const { step, ...values } = JSON.parse(line);
    for (const set of Object.keys(scores)) {
      const miou = values[`miou/${set}`];
      if (miou === undefined) continue;
      history[set] = [...(history[set] ?? []), [step, rounded(miou)]];
    }
  }
  return {
    ...{ row, seed, method, steps, seconds: Math.round(seconds) },
    scores: Object.fromEntries(
      Object.entries(/** @type {Row["scores"]} */ (scores)).map(([set, { miou, iou }]) => [
        set,
        { miou: rounded(miou), iou: iou.map((share) => (share === null ? null : rounded(share))) },
      ]),
    ),
    ...{ history, command, commit },
    versions: { node, libtorch, processor, ...(gpu && { gpu: gpu.name ?? gpu.cuda }) },
  };
}

const rounded = (/** @type {number} */ share) => Number(share.toFixed(5));

/**
 * Rows with one more, which replaces the one of the same name and seed.
 * @param {readonly Row[]} rows
 * @param {Row} row
 */
export function merged(rows, row) {
  const same = (/** @type {Row} */ other) => other.row === row.row && other.seed === row.seed;
  const at = rows.findIndex(same);
  return at < 0 ? [...rows, row] : rows.with(at, row);
}

/**
 * The commit of a checkout, with a "+" if it has uncommitted changes.
 * @param {string} root
 */
export function commitOf(root) {
  const git = (/** @type {string[]} */ ...args) =>
    execFileSync("git", args, { cwd: root, encoding: "utf8" }).trim();
  return git("rev-parse", "--short", "HEAD") + (git("status", "--porcelain") === "" ? "" : "+");
}
