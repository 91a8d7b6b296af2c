import type { ClassSet } from "../../src/dashboard/api.js";
import { spreadText } from "../../src/report/comparison-rows.js";
import { classesByGain } from "../../src/report/page/group-plots.js";
import { classSwatch } from "./class-legend.js";
import type { Compared } from "./compared.js";
import { el } from "./element.js";
import type { Group } from "./groups.js";

/** IoU of each class on the main set as bars, one for each group that is drawn, with its gain. */
export function classBars(
  groups: readonly Group[],
  compared: Compared,
  classes: ClassSet,
  byGain: boolean,
): HTMLElement {
  const order = byGain ? classesByGain(compared) : compared.classes.map((_, k) => k);
  return el(
    "ul",
    { class: "class-bars", "aria-label": `IoU on ${compared.sets[0] ?? ""} by class, in percent` },
    ...order.map((k) =>
      el(
        "li",
        {},
        el("p", { class: "class-name" }, classSwatch(classes, k), classes.names[k] ?? ""),
        ...groups.flatMap((group, i) => {
          const row = compared.groups[i];
          if (group.color === undefined || !row) return [];
          const [iou, gain] = [row.iou[k], row.iouGain[k]];
          const bar = el("span", { class: "class-bar", "aria-hidden": "true" });
          bar.style.setProperty("--share", String(iou?.mean ?? 0));
          bar.style.color = group.color;
          const sign = gain && gain.mean < 0 ? "bad" : "good";
          return el(
            "div",
            { class: "class-row" },
            el("span", { class: "class-group", title: group.name }, group.name),
            bar,
            el("span", { class: "number" }, spreadText(iou)),
            el("span", { class: `number ${sign}` }, gain ? spreadText(gain, true) : ""),
          );
        }),
      ),
    ),
  );
}
