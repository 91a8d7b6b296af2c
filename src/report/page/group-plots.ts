import type { ComparedGroup, ComparedGroups } from "../compared-group.js";
import { spreadText } from "../comparison-rows.js";
import { percent } from "../score-table.js";
import { escapeXml } from "../xml.js";
import { type ChartSize, lineChart } from "./line-chart.js";
import { LINES, lineColor } from "./palette.js";

/** The groups with their places, which decide colours and the classes of their elements. */
const numbered = (groups: readonly ComparedGroup[]) =>
  groups.map((group, k) => ({ group, color: lineColor(k), name: `g${k}` }));

/** mIoU of each group over training: the mean of its runs, over a band from the lowest to the highest. */
export function groupCurves({ groups, sets }: ComparedGroups, size: ChartSize): string {
  const series = numbered(groups).flatMap(({ group: { label, curve }, color, name }) => {
    if (!curve) return [];
    const { at, mean, low, high } = curve;
    const band = low && high ? { low, high } : undefined;
    return [
      { name: label, steps: at, values: mean, color, band, group: name, dots: at.length < 24 },
    ];
  });
  return lineChart(series, size, {
    title: `mIoU on ${sets[0]} over training, by group`,
    format: (value) => percent(value).replace(/\.0$/, ""),
  });
}

/** Boxes that show and hide the groups in curves and bars; the first eight are shown. */
export function groupBoxes({ groups }: ComparedGroups): string {
  const boxes = numbered(groups).map(
    ({ group, color, name }, k) =>
      `<label><input type="checkbox" id="${name}"${k < LINES ? " checked" : ""}><i style="background:${color}"></i>${escapeXml(group.label)}</label>`,
  );
  const note =
    groups.length > LINES
      ? `<p class="note">The first ${LINES} of ${groups.length} groups are drawn; choose others here.</p>`
      : "";
  const rules = groups.map((_, k) => `body:has(#g${k}:not(:checked)) .g${k} { display: none }`);
  return `<style>${rules.join("\n")}</style><fieldset class="groups"><legend>Groups to draw</legend>${boxes.join("")}</fieldset>${note}`;
}

/** The classes, those with the highest mean gain first. Classes without a gain are last. */
export function classesByGain({ classes, groups }: ComparedGroups): number[] {
  const gain = classes.map((_, k) => {
    const known = groups.flatMap(({ iouGain }) => iouGain[k]?.mean ?? []);
    return known.length > 0
      ? known.reduce((sum, one) => sum + one, 0) / known.length
      : Number.NEGATIVE_INFINITY;
  });
  return classes.map((_, k) => k).sort((a, b) => (gain[b] as number) - (gain[a] as number));
}

/** IoU of each class on the first set as bars, a bar for each group, with its gain. Sorted by gain on demand. */
export function groupBars(comparison: ComparedGroups): string {
  const { classes, groups, sets } = comparison;
  const ranks = new Map(classesByGain(comparison).map((k, rank) => [k, rank]));
  const withGain = groups.some(({ iouGain }) => iouGain.some(Boolean));
  const sort = withGain
    ? '<fieldset class="groups"><legend>Order</legend><label><input type="radio" name="order" checked>as in the classes</label><label><input type="radio" name="order" id="by-gain">by gain</label></fieldset>'
    : "";
  const blocks = classes.map((name, k) => {
    const bars = numbered(groups).map(({ group, color, name: id }) => {
      const [iou, gain] = [group.iou[k], group.iouGain[k]];
      const width = ((iou?.mean ?? 0) * 100).toFixed(2);
      const less = gain && gain.mean < 0 ? " less" : "";
      return (
        `<div class="bar ${id}"><span>${escapeXml(group.label)}</span>` +
        `<span class="track"><i style="--c:${color};width:${width}%"></i></span>` +
        `<span class="n">${spreadText(iou)}</span><span class="d${less}">${gain ? spreadText(gain, true) : ""}</span></div>`
      );
    });
    return `<div class="class" style="--rank:${ranks.get(k)}"><h3>${escapeXml(name)}</h3>${bars.join("")}</div>`;
  });
  return `${sort}<div class="class-bars" role="group" aria-label="IoU on ${escapeXml(sets[0] as string)} by class">${blocks.join("")}</div>`;
}

const ROW = 13;
const NAME = 110;
const TRACK = 420;

/** The same as one picture: at most eight groups, classes by gain. */
export function barsSvg(comparison: ComparedGroups): string {
  const { classes, sets } = comparison;
  const groups = numbered(comparison.groups).slice(0, LINES);
  const block = groups.length * ROW + 10;
  const top = 24 + groups.length * 18;
  const width = NAME + TRACK + 130;
  const height = top + classes.length * block + 10;
  const text = (x: number, y: number, words: string, more = "") =>
    `<text x="${x}" y="${y}" font-size="11" ${more}>${escapeXml(words)}</text>`;
  const key = groups.map(
    ({ group, color }, i) =>
      `<rect x="${NAME}" y="${20 + i * 18}" width="12" height="10" fill="${color}"/>` +
      text(NAME + 18, 29 + i * 18, group.label),
  );
  const rows = classesByGain(comparison).map((k, at) => {
    const y = top + at * block;
    const bars = groups.map(({ group, color }, i) => {
      const [iou, gain] = [group.iou[k], group.iouGain[k]];
      const long = (iou?.mean ?? 0) * TRACK;
      const words = `${spreadText(iou)}${gain ? `   ${spreadText(gain, true)}` : ""}`;
      return (
        `<rect x="${NAME}" y="${y + i * ROW}" width="${long.toFixed(1)}" height="${ROW - 3}" fill="${color}"/>` +
        text(NAME + long + 6, y + i * ROW + 9, words)
      );
    });
    return text(NAME - 8, y + 9, classes[k] as string, 'text-anchor="end"') + bars.join("");
  });
  const title = `IoU on ${sets[0]}, %, and the gain`;
  return `<svg viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escapeXml(title)}">${text(NAME, 12, title)}${key.join("")}${rows.join("")}</svg>`;
}
