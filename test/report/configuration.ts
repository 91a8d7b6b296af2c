/** What a test changes of the configuration. */
export interface Changes {
  readonly method?: string;
  readonly network?: object;
  readonly options?: object;
  readonly pretrain?: object | undefined;
  readonly after?: object;
  readonly evaluate?: object;
  readonly sizes?: object;
  readonly style?: object;
  readonly train?: object;
}

/** A configuration as a run writes it. */
export const configuration = ({ network, train, ...changes }: Changes = {}) => ({
  method: "cfcontra",
  options: { cfcontra: { contrast: 0.05, scales: [1, 0.5] }, minent: { entropy: 0.1 } },
  network: { backbone: "resnet18", width: 0.5, head: "moco", ...network },
  source: { type: "streets", root: "/data/streets", domain: "source" },
  target: { type: "streets", root: "/data/streets", domain: "target" },
  evaluate: { target: { type: "streets", root: "/data/streets", split: "test" } },
  sizes: { source: { width: 192, height: 96 } },
  train: { steps: 500, rate: 0.01, seed: 1, ...train },
  pretrain: { steps: 2500, rate: 0.03 },
  ...changes,
});
