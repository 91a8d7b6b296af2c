// The tables of docs/results.md, from docs/results/*.json: no figure in them is typed by hand.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";

const FOLDER = fileURLToPath(new URL("../results/", import.meta.url));
const TABLE = /<!-- table (\S+) (\S+) -->[\s\S]*?<!-- end -->/g;

/**
 * A page with its tables filled in: what is between `<!-- table PAIR SET -->` and `<!-- end -->`.
 * @param {string} page
 */
export function withTables(page, folder = FOLDER) {
  return page.replace(TABLE, (_, pair, set) => {
    const { rows } = JSON.parse(readFileSync(`${folder}${pair}.json`, "utf8"));
    const protocol = parse(readFileSync(`${folder}${pair}.yaml`, "utf8"));
    return `<!-- table ${pair} ${set} -->\n\n${tableOf(rows, protocol, set)}\n\n<!-- end -->`;
  });
}

/**
 * mIoU in percent by row and seed, for the seeds of the protocol that were run, and each row's mean paired difference to the protocol's baseline.
 * @param {readonly import("../../bench/result-rows.js").Row[]} rows
 * @param {{ seeds: number[], baseline: string, rows: Record<string, object> }} protocol
 * @param {string} set
 */
export function tableOf(rows, { seeds: planned, baseline, rows: order }, set) {
  const seeds = planned.filter((seed) => rows.some((row) => row.seed === seed));
  /**
   * @param {string} name
   * @param {number} seed
   */
  const scoreOf = (name, seed) =>
    rows.find((row) => row.row === name && row.seed === seed)?.scores[set]?.miou;
  const lines = Object.keys(order).flatMap((name) => {
    const scores = seeds.map((seed) => scoreOf(name, seed));
    const known = scores.filter((score) => score !== undefined);
    if (known.length === 0) return [];
    const gains = seeds.flatMap((seed) => {
      const [own, other] = [scoreOf(name, seed), scoreOf(baseline, seed)];
      return own === undefined || other === undefined ? [] : [own - other];
    });
    const gain = name === baseline || gains.length === 0 ? "" : spread(gains, signed);
    return [[name, ...scores.map(percent), spread(known, percent), gain]];
  });
  const head = [
    ...["", ...seeds.map((seed) => `seed ${seed}`)],
    ...["mean ± deviation", `to ${baseline}, paired`],
  ];
  return [head, head.map(() => "---"), ...lines].map((row) => `| ${row.join(" | ")} |`).join("\n");
}

const percent = (/** @type {number | undefined} */ share) =>
  share === undefined ? "" : (100 * share).toFixed(1);
const signed = (/** @type {number} */ share) => `${share < 0 ? "" : "+"}${percent(share)}`;

/**
 * "31.1 ± 0.5"; one value alone has no deviation.
 * @param {readonly number[]} values
 * @param {(value: number) => string} show
 */
function spread(values, show) {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  if (values.length === 1) return show(mean);
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return `${show(mean)} ± ${percent(Math.sqrt(squares / (values.length - 1)))}`;
}
