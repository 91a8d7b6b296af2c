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
  /** Exact values, which smoothing would falsify. */
  readonly exact?: boolean;
}

/** The title of the chart of predicted classes. */
export const PREDICTED = "Predicted classes";

const under = (prefix: string) => (key: string) => key.startsWith(prefix);
const inPercent = (share: number) => `${percent(share)} %`;

/** In reading order; a key goes to the first panel that takes it. */
export const PANELS: readonly Panel[] = [
  {
    title: "mIoU",
    note: "Mean intersection over union of the classes, by evaluation set",
    takes: under("miou/"),
    format: inPercent,
    exact: true,
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
    title: "Labelled target loss",
    note: "Cross-entropy on labelled target images, both heads, before its weight",
    takes: under("labelled/"),
  },
  {
    title: "Contrastive loss",
    note: "Features against prototypes, by pair of domains",
    takes: under("contrast/"),
  },
  {
    title: PREDICTED,
    note: "Shares of the pixels of 16 target images, the largest ones. Needs no labels: one class that takes all is a collapse",
    takes: under("predicted/"),
    format: inPercent,
    exact: true,
  },
  {
    title: "Pseudo-labels",
    note: "At the method's own threshold. With a set's name: coverage and accuracy on its labelled evaluation images; without: coverage of the step's target images",
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
  {
    title: "Learning rate",
    note: "Base rate of the step",
    takes: (key) => key === "rate",
    exact: true,
  },
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
  const stated = ["miou", "contrast", "pseudo", "gradient", "predicted"].includes(first);
  return stated && rest.length > 0 ? rest.join("/") : key;
};
