import { percent, short } from "./format.js";

/** A chart of the run's page: the keys that it shows, and their meaning. */
export interface Panel {
  readonly title: string;
  readonly note: string;
  readonly takes: (key: string) => boolean;
  readonly format?: (value: number) => string;
  readonly log?: boolean;
  /** Shares of all pixels: the axis is always 0 to 100 %. */
  readonly share?: boolean;
}

const under = (prefix: string) => (key: string) => key.startsWith(prefix);
const inPercent = (share: number) => `${percent(share)} %`;

/** In reading order; a key goes to the first panel that takes it. */
export const PANELS: readonly Panel[] = [
  {
    title: "mIoU",
    note: "Mean intersection over union of the classes, by evaluation set",
    takes: under("miou/"),
    format: inPercent,
  },
  {
    title: "Source loss",
    note: "Cross-entropy on labelled images, both heads",
    takes: under("source/"),
  },
  {
    title: "Target loss",
    note: "On unlabelled images, before its weight",
    takes: under("target/"),
  },
  {
    title: "Contrastive loss",
    note: "Features against prototypes, by pair of domains",
    takes: under("contrast/"),
  },
  {
    title: "Pseudo-labels",
    note: "Coverage: share of target features that have a pseudo-label",
    takes: under("pseudo/"),
    format: inPercent,
    share: true,
  },
  {
    title: "Gradient norm",
    note: "Contribution of each weighted loss; logarithmic",
    takes: under("gradient/"),
    log: true,
  },
  { title: "Learning rate", note: "Base rate of the step", takes: (key) => key === "rate" },
  {
    title: "Seconds per step",
    note: "The whole step, and the part of it spent waiting for data",
    takes: (key) => key === "seconds" || key === "waiting",
    format: (value) => `${short(value)} s`,
  },
  {
    title: "Memory",
    note: "Resident set of the training process",
    takes: (key) => key === "memory",
    format: (value) =>
      value >= 10_000 ? `${short(value / 1024)} GiB` : `${Math.round(value)} MiB`,
  },
  { title: "Other", note: "Other numbers that the method reports", takes: () => true },
];

/** Keys by panel; panels without keys are left out. */
export function panelsOf(keys: readonly string[]): [Panel, string[]][] {
  const found = new Map<Panel, string[]>(PANELS.map((panel) => [panel, []]));
  for (const key of keys) {
    const panel = PANELS.find(({ takes }) => takes(key));
    if (panel) found.get(panel)?.push(key);
  }
  return [...found].filter(([, own]) => own.length > 0);
}

/** A key in a legend: without the part that its panel's title states. */
export const shortKey = (key: string): string => {
  const [first = "", ...rest] = key.split("/");
  const stated = ["miou", "contrast", "pseudo", "gradient"].includes(first);
  return stated && rest.length > 0 ? rest.join("/") : key;
};
