import { percent, short } from "./format.js";

/** A chart of the run's page: which keys it takes, and what they mean. */
export interface Panel {
  readonly title: string;
  readonly note: string;
  readonly takes: (key: string) => boolean;
  readonly format?: (value: number) => string;
  readonly log?: boolean;
}

const under = (prefix: string) => (key: string) => key.startsWith(prefix);
const inPercent = (share: number) => `${percent(share)} %`;

/** In the order they are read; a key goes to the first that takes it. */
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
    note: "Coverage: share of target features that got one. Accuracy: share of these that is right",
    takes: under("pseudo/"),
    format: inPercent,
  },
  {
    title: "Gradient norm",
    note: "What each weighted loss contributes; logarithmic",
    takes: under("gradient/"),
    log: true,
  },
  { title: "Learning rate", note: "Base rate of the step", takes: (key) => key === "rate" },
  {
    title: "Seconds per step",
    note: "The whole step, and its wait for data",
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
  { title: "Other", note: "What the method reports beside", takes: () => true },
];

/** Keys by panel; panels without any are left out. */
export function panelsOf(keys: readonly string[]): [Panel, string[]][] {
  const of = (key: string) => PANELS.find(({ takes }) => takes(key));
  return PANELS.map((panel): [Panel, string[]] => [
    panel,
    keys.filter((key) => of(key) === panel),
  ]).filter(([, own]) => own.length > 0);
}

/** A key as the legend shows it: without what its panel's title says already. */
export const shortKey = (key: string): string => {
  const [first = "", ...rest] = key.split("/");
  const said = ["miou", "contrast", "pseudo", "gradient"].includes(first);
  return said && rest.length > 0 ? rest.join("/") : key;
};
