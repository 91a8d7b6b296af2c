// The tables of docs/results.md, from docs/results/*.json: no figure in them is typed by hand.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";

/**
 * @typedef {object} Protocol
 * @property {number[]} seeds
 * @property {string | string[]} baseline the rows that others are compared with
 * @property {number[]} [omit] ids of classes that the tables leave out of mIoU
 * @property {Record<string, object>} rows
 */

export const FOLDER = fileURLToPath(new URL("../results/", import.meta.url));
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
 * mIoU in percent by row and seed, for the seeds of the protocol that were run, and each row's mean paired
 * difference to every baseline of the protocol. mIoU is over the classes that the protocol does not `omit`.
 * @param {readonly import("../../bench/result-rows.js").Row[]} rows
 * @param {Protocol} protocol
 * @param {string} set
 */
export function tableOf(rows, { seeds: planned, baseline, omit = [], rows: order }, set) {
  const seeds = planned.filter((seed) => rows.some((row) => row.seed === seed));
  const scoreOf = scores(rows, set, omit);
  const baselines = [baseline].flat();
  const lines = Object.keys(order).flatMap((name) => {
    const own = seeds.map((seed) => scoreOf(name, seed));
    const known = own.filter((score) => score !== undefined);
    if (known.length === 0) return [];
    const gains = baselines.map((other) => {
      const pairs = seeds.flatMap((seed) => difference(scoreOf(name, seed), scoreOf(other, seed)));
      return name === other || pairs.length === 0 ? "" : spread(pairs, signed);
    });
    return [[name, ...own.map(percent), spread(known, percent), ...gains]];
  });
  const head = [
    ...["", ...seeds.map((seed) => `seed ${seed}`), "mean ± deviation"],
    ...baselines.map((name) => `to ${name}, paired`),
  ];
  return [head, head.map(() => "---"), ...lines].map((row) => `| ${row.join(" | ")} |`).join("\n");
}

/**
 * The mIoU of a row and seed, over the classes that occur and are not left out.
 * @param {readonly import("../../bench/result-rows.js").Row[]} rows
 * @param {string} set
 * @param {readonly number[]} omit class ids
 * @returns {(name: string, seed: number) => number | undefined}
 */
function scores(rows, set, omit) {
  return (name, seed) => {
    const score = rows.find((row) => row.row === name && row.seed === seed)?.scores[set];
    if (score === undefined || omit.length === 0) return score?.miou;
    return mean(
      score.iou.flatMap((share, id) => (share === null || omit.includes(id) ? [] : [share])),
    );
  };
}

/**
 * @param {number | undefined} own
 * @param {number | undefined} other
 */
const difference = (own, other) => (own === undefined || other === undefined ? [] : [own - other]);

const mean = (/** @type {readonly number[]} */ values) =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

const percent = (/** @type {number | undefined} */ share) =>
  share === undefined ? "" : (100 * share).toFixed(1);
const signed = (/** @type {number} */ share) => `${share < 0 ? "" : "+"}${percent(share)}`;

/**
 * "31.1 ± 0.5"; one value alone has no deviation.
 * @param {readonly number[]} values
 * @param {(value: number) => string} show
 */
function spread(values, show) {
  const center = mean(values);
  if (values.length === 1) return show(center);
  const squares = values.reduce((sum, value) => sum + (value - center) ** 2, 0);
  return `${show(center)} ± ${percent(Math.sqrt(squares / (values.length - 1)))}`;
}
