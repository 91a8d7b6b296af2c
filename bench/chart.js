/** @typedef {{ name: string, seconds: number, peakMiB: number, pytorch?: string | undefined }} Row */

const WIDTH = 720;
const BAR = { left: 240, height: 22, gap: 12, span: 360 };
const INK = "#24292f";

/**
 * An SVG bar chart of results.json: seconds per step and peak memory of every contestant.
 * @param {{ rows: Row[], size: string, machine: { cpu: string | undefined, threads: number } }} results
 */
export function chart({ rows, size, machine }) {
  const block = rows.length * (BAR.height + BAR.gap) + 40;
  const parts = [
    `<text x="24" y="32" font-size="17" font-weight="600">One CFContra step, DeepLab-v2 ResNet-101, ${size}</text>`,
    `<text x="24" y="52" font-size="12" fill="#57606a">${machine.cpu}, ${machine.threads} threads; medians, less is better</text>`,
    bars(
      rows,
      70,
      "seconds per step",
      ({ seconds }) => seconds,
      (value) => value.toFixed(2),
    ),
    bars(rows, 70 + block, "peak memory, MiB", ({ peakMiB }) => peakMiB, String),
  ];
  const height = 70 + 2 * block;
  const title = "Seconds per step and peak memory";
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" fill="${INK}" role="img" aria-label="${title}"><title>${title}</title><rect width="100%" height="100%" fill="white"/>${parts.join("")}</svg>\n`;
}

/**
 * @param {Row[]} rows
 * @param {number} top
 * @param {string} title
 * @param {(row: Row) => number} value
 * @param {(value: number) => string} format
 */
function bars(rows, top, title, value, format) {
  const most = Math.max(...rows.map(value));
  const lines = rows.map((row, i) => {
    const y = top + 28 + i * (BAR.height + BAR.gap);
    const width = (BAR.span * value(row)) / most;
    const color = row.pytorch ? "#b8bec6" : "#2f6fdb";
    return (
      `<text x="${BAR.left - 10}" y="${y + 16}" font-size="13" text-anchor="end">${row.name}</text>` +
      `<rect x="${BAR.left}" y="${y}" width="${width.toFixed(1)}" height="${BAR.height}" rx="3" fill="${color}"/>` +
      `<text x="${(BAR.left + width + 8).toFixed(1)}" y="${y + 16}" font-size="13">${format(value(row))}</text>`
    );
  });
  return `<text x="24" y="${top + 14}" font-size="13" font-weight="600">${title}</text>${lines.join("")}`;
}
