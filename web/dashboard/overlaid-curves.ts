import type { Buckets, RunDetails, RunSummary } from "../../src/dashboard/api.js";
import { meanCurve } from "../../src/report/mean-curve.js";
import { type Chart, chart } from "./chart.js";
import { loader, toolbar } from "./curve-controls.js";
import { pseudoByClass } from "./curves-tab.js";
import { el } from "./element.js";
import type { Group } from "./groups.js";
import type { Line } from "./line.js";
import { panelsOf } from "./panels.js";
import { seriesOf } from "./series.js";
import { between } from "./step-axis.js";

/** Charts of the longest page: runs that report more keys would take minutes to draw. */
const MOST_CHARTS = 60;

/** A chart for each key with the lines of all groups that are drawn. */
export function overlaid(
  shown: readonly string[],
  groupsNow: () => Group[],
  details: ReadonlyMap<string, RunDetails>,
  signal: AbortSignal,
) {
  const summaries = [...details.values()].map(({ summary }) => summary);
  const byClass = [...new Set(summaries.flatMap(pseudoByClass))];
  const skip = ["iou/", "predicted/", ...byClass];
  const series = seriesOf(shown, { skip, buckets: 300 }, signal);
  const { element: bar, view, zoomed } = toolbar(() => load());
  const grid = el("div", { class: "charts" });
  const charts = new Map<string, Chart>();

  function show(): void {
    const groups = groupsNow();
    const find = (id: string, key: string) => series.runs.get(id)?.get(key);
    const until = Math.max(0, ...summaries.map(({ steps = 0 }) => steps));
    const times = [...series.runs.values()].find((one) => one.has("seconds"))?.get("seconds");
    const now = { ...view(times), until };
    const all = new Set([...series.runs.values()].flatMap((one) => [...one.keys()]));
    for (const [panel, own] of panelsOf([...all].slice(0, MOST_CHARTS))) {
      for (const key of own) {
        let one = charts.get(key);
        if (!one) {
          const title = own.length > 1 ? key : panel.title;
          one = chart({ ...panel, title, onZoom: zoomed }, signal);
          charts.set(key, one);
          grid.append(one.element);
        }
        const lines = groups.flatMap((group) => linesOf(group, (id) => find(id, key)));
        one.show(lines, panel.exact ? { ...now, smooth: 0 } : now);
      }
    }
  }
  const load = loader(series, show, signal);
  return { element: el("div", {}, bar, grid), load };
}

/** The mean of the complete runs of a group with their band, and the others one by one. */
export function linesOf(
  { runs, color, name }: Group,
  find: (id: string) => Buckets | undefined,
): Line[] {
  if (color === undefined) return [];
  const isComplete = ({ state }: RunSummary) => state === "complete";
  const data = runs.filter(isComplete).flatMap(({ id }) => find(id) ?? []);
  const mean = meanCurve(data.map((one) => resampled(one, data[0] as Buckets)));
  const line = mean ? [{ name, group: name, color, data: plain(mean) }] : [];
  const others = runs.filter((run) => !isComplete(run));
  const single = others.flatMap((run): Line[] => {
    const own = find(run.id);
    const seed = runs.length > 1 ? `, seed ${run.seed}` : "";
    return own ? [{ name: `${name}${seed}`, group: name, color, data: own, dashed: true }] : [];
  });
  return [...line, ...single];
}

/** A curve at the steps of another one that lie within it: buckets of different runs begin at different steps. */
function resampled(curve: Buckets, { at }: Buckets): Buckets {
  if (curve.at === at || curve.at.join() === at.join()) return curve;
  const [first, last] = [curve.at[0] ?? 0, curve.at.at(-1) ?? 0];
  const common = at.filter((step) => step >= first && step <= last);
  return { at: common, mean: common.map((step) => between(curve.at, curve.mean, step)) };
}

const plain = ({ at, mean, low, high }: NonNullable<ReturnType<typeof meanCurve>>): Buckets =>
  low && high ? { at, mean, low, high } : { at, mean };
