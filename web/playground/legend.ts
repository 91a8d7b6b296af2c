import type { ModelInfo } from "../../src/export/model-info.js";
import type { Segmentation } from "../../src/export/segmenter.js";
import { areas } from "./panel.js";

/** The table of classes: colour, name, and share of the image by each network. */
export interface Legend {
  update(results: readonly Segmentation[]): void;
}

const SMALLEST = 0.0005;

/** Fills `table`. `pick` is called with the only class to show, or undefined for all. */
export function createLegend(
  table: HTMLTableElement,
  { classes }: ModelInfo,
  names: readonly string[],
  pick: (label: number | undefined) => void,
): Legend {
  const head = table.createTHead().insertRow();
  for (const name of ["Class", ...names]) {
    const cell = document.createElement("th");
    cell.scope = "col";
    cell.textContent = name;
    head.append(cell);
  }
  const absent = document.createElement("p");
  table.after(absent);
  let picked: number | undefined;
  const body = table.tBodies[0] as HTMLTableSectionElement;
  const rows = classes.map(({ name, color }, label) => {
    const row = body.insertRow();
    const cell = document.createElement("th");
    cell.scope = "row";
    const button = document.createElement("button");
    button.type = "button";
    button.title = `Show only ${name}`;
    button.setAttribute("aria-pressed", "false");
    const swatch = document.createElement("i");
    swatch.style.background = `rgb(${color.join(" ")})`;
    button.append(swatch, name);
    button.addEventListener("click", () => {
      picked = picked === label ? undefined : label;
      for (const [i, other] of rows.entries()) {
        other.button.setAttribute("aria-pressed", String(i === picked));
      }
      pick(picked);
    });
    cell.append(button);
    row.append(cell);
    const shares = names.map(() => {
      const share = row.insertCell();
      const meter = document.createElement("span");
      meter.style.background = `rgb(${color.join(" ")})`;
      const number = document.createElement("b");
      share.append(meter, number);
      return { meter, number };
    });
    return { row, button, shares };
  });
  return {
    update(results) {
      const all = results.map((result) => areas(result, classes.length));
      const most = Math.max(...all.flat());
      const unseen: string[] = [];
      for (const [label, { row, shares }] of rows.entries()) {
        const here = all.map((area) => area[label] as number);
        row.hidden = label !== picked && here.every((share) => share < SMALLEST);
        if (row.hidden) unseen.push(classes[label]?.name as string);
        for (const [i, { meter, number }] of shares.entries()) {
          const share = here[i] as number;
          meter.style.setProperty("--share", String(share / most));
          number.textContent = share < SMALLEST ? "-" : `${(100 * share).toFixed(1)} %`;
        }
      }
      absent.textContent = unseen.length > 0 ? `Not seen: ${unseen.join(", ")}.` : "";
    },
  };
}
