import type { Sample } from "../datasets/dataset.js";
import type { Network } from "../network/index.js";
import type { Precision, ProcessGroup, Tensor, TensorMap } from "../torch/index.js";

/** The optimisers of a network. */
export const OPTIMIZERS = ["sgd", "adamw"] as const;

/** Named numbers of a step, for the log. */
export type Scalars = Record<string, number>;

/** One step's images: float32 [N, 3, H, W] in the network's format, labels int64 [N, H, W]. */
export interface Batches {
  readonly source: { readonly images: Tensor; readonly labels: Tensor };
  /** Never with labels. */
  readonly target: { readonly images: Tensor };
}

/** Where the run stands. */
export interface Progress {
  /** 0 for the first. */
  readonly step: number;
  readonly total: number;
  /** Base learning rate of this step. */
  readonly rate: number;
  /** The schedule's factor at this step, warm-up included: for optimisers with a rate of their own. */
  readonly decay: number;
}

/** Access to images outside the training stream, for methods that look around before they start. */
export interface Domains {
  /** Of up to `count` samples, in an order that the run's seed decides, this rank's share. Target samples have no label. */
  samples(domain: "source" | "target", count: number): AsyncIterable<Sample>;
}

/** A running average of the weights and statistics of the network that is trained. */
export interface Average {
  readonly network: Network;
  /** Share of the average that a step keeps. */
  readonly decay: number;
  /** Prefix of its tensors' names in the method's state. */
  readonly prefix: string;
}

/** What all methods have. */
interface MethodParts {
  /** The scalar of `step` that stands for the whole in a progress line. */
  readonly headline: string;
  /** Called before each step; most return at once. */
  before?(progress: Progress, domains: Domains): Promise<void>;
  /** Everything beside the network that a resumed run needs. */
  readonly state: TensorMap;
  /** The running average of the network, if the method keeps one. */
  readonly average?: Average;
  /** The prototypes of both domains, [C, D] each, of a method that has any: for reports. */
  prototypes?(): { readonly source: Tensor; readonly target: Tensor };
  /**
   * The pseudo-labels int64 [N, h, w] that the method gives images [N, 3, H, W] after `step` of `total` steps,
   * IGNORE below its own threshold; undefined while it gives none. For reports: it changes nothing.
   */
  pseudoLabels?(images: Tensor, progress: Pick<Progress, "step" | "total">): Tensor | undefined;
}

/** A method that learns from labelled source images alone: no target image is ever opened. */
export interface SourceMethod extends MethodParts {
  readonly usesTarget: false;
  /** Losses, back-propagation and optimiser step. */
  step(batches: Pick<Batches, "source">, progress: Progress): Scalars;
}

/** A method that learns from both domains. */
export interface TwoDomainMethod extends MethodParts {
  readonly usesTarget: true;
  /** Losses, back-propagation and optimiser step. */
  step(batches: Batches, progress: Progress): Scalars;
}

/** What the loop drives. A method owns its losses and its optimisers, and nothing of time. */
export type Method = SourceMethod | TwoDomainMethod;

/** What every method is given beside its own options. */
export interface MethodContext {
  readonly network: Network;
  readonly precision: Precision;
  readonly optimizer: (typeof OPTIMIZERS)[number];
  /** Of `sgd`. */
  readonly momentum: number;
  /** Of `adamw`. */
  readonly betas: readonly [number, number];
  readonly weightDecay: number;
  /** Of `sgd`: see network/parameterGroups. */
  readonly duplicateUpdates: boolean;
  readonly headRate: number;
  /** Largest norm of the network's gradient; not clipped if undefined. */
  readonly clip?: number | undefined;
  /** Decay of a running average of the network, `average`; none if undefined. */
  readonly ema?: number | undefined;
  /** Log the norm of the gradient that each loss contributes: one more backward pass for each. */
  readonly gradientNorms: boolean;
  /** The processes that train this network together; the one alone when omitted. */
  readonly group?: ProcessGroup | undefined;
  /** What warnings call the classes; their numbers when omitted. */
  readonly classNames?: readonly string[] | undefined;
  /** Receives sentences that a user should read. */
  readonly warn: (sentence: string) => void;
}
