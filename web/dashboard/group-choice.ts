import { place } from "./address.js";
import { el } from "./element.js";
import { type Group, MOST_DRAWN } from "./groups.js";
import { groupSwatch } from "./score-tables.js";

/** The groups to draw, by index, as the address has them; undefined for the first ones. */
export function drawnGroups(): ReadonlySet<number> | undefined {
  const text = place.get("draw");
  if (text === undefined) return undefined;
  return new Set(text.split(",").map(Number).filter(Number.isInteger));
}

/** Boxes that choose the groups to draw; nothing if all can be drawn at once. */
export function groupChoice(groupsNow: () => Group[], onChange: () => void): HTMLElement | false {
  if (groupsNow().length <= MOST_DRAWN) return false;
  const hint = el("p", { class: "hint", role: "status" });
  const list = el("ul", { class: "class-legend pick", "aria-label": "Groups to draw" });

  function draw(): void {
    const groups = groupsNow();
    const drawn = groups.flatMap(({ color }, k) => (color === undefined ? [] : [k]));
    hint.textContent = `${drawn.length} of ${groups.length} groups are drawn, at most ${MOST_DRAWN} at a time`;
    list.replaceChildren(
      ...groups.map((group, k) => {
        const on = group.color !== undefined;
        const disabled = !on && drawn.length >= MOST_DRAWN;
        const box = el("input", { type: "checkbox", checked: on, disabled });
        box.addEventListener("change", () => {
          const next = box.checked ? [...drawn, k] : drawn.filter((one) => one !== k);
          place.set({ draw: next.length > 0 ? next.sort((a, b) => a - b).join(",") : "none" });
          draw();
          onChange();
          list.children[k]?.querySelector("input")?.focus();
        });
        return el("li", {}, el("label", {}, box, groupSwatch(group), group.name));
      }),
    );
  }
  draw();
  return el("div", {}, hint, list);
}
