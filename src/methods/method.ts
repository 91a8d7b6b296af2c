import type { Sample } from "../datasets/dataset.js";
import type { Network } from "../network/index.js";
import type { Precision, ProcessGroup, Scalar, Tensor, TensorMap } from "../torch/index.js";

/** The optimisers of a network. */
export const OPTIMIZERS = ["sgd", "adamw"] as const;

/**
 * Named numbers of a step, for the log. Numbers that are computed on the device are tensors of one element
 * without a graph: the loop reads all of them at once after the step, so that a step does not wait for a GPU.
 */
export type Scalars = Record<string, Scalar>;

/** One step's images: float32 [N, 3, H, W] in the network's format, labels int64 [N, H, W]. */
export interface Batches {
  readonly source: { readonly images: Tensor; readonly labels: Tensor };
  /** Without labels. */
  readonly target: { readonly images: Tensor };
  /** Labelled images of the target domain, for a method with `usesLabelledTarget`. */
  readonly labelledTarget?: { readonly images: Tensor; readonly labels: Tensor };
}

/** The progress of a run. */
export interface Progress {
  /** 0 for the first step. */
  readonly step: number;
  readonly total: number;
  /** Base learning rate of this step. */
  readonly rate: number;
  /** The schedule's factor at this step, including warm-up, for optimisers with their own rate. */
  readonly decay: number;
}

/** Access to images outside the training stream, for methods that need some before the first step. */
export interface Domains {
  /** This rank's share of up to `count` samples, in an order from the run's seed. Target samples have no label. */
  samples(domain: "source" | "target", count: number): AsyncIterable<Sample>;
}

/** A running average of the weights and statistics of the trained network. */
export interface Average {
  readonly network: Network;
  /** The weight of the old average in each update. */
  readonly decay: number;
  /** Prefix of its tensors' names in the method's state. */
  readonly prefix: string;
}

/** The members of all methods. */
interface MethodParts {
  /** The scalar of `step` for the progress line. */
  readonly headline: string;
  /** Called before each step; most return at once. */
  before?(progress: Progress, domains: Domains): Promise<void>;
  /** All tensors except the network's that a resumed run needs. */
  readonly state: TensorMap;
  /** The running average of the network, if the method has one. */
  readonly average?: Average;
  /** Whether `step` needs `labelledTarget`. */
  readonly usesLabelledTarget?: boolean;
  /** The prototypes of both domains, [C, D] each, for reports, if the method has them. */
  prototypes?(): { readonly source: Tensor; readonly target: Tensor };
  /**
   * The pseudo-labels int64 [N, h, w] that the method gives images [N, 3, H, W] after `step` of `total` steps,
   * IGNORE below its own threshold; undefined while it gives none. For reports: it changes nothing.
   */
  pseudoLabels?(images: Tensor, progress: Pick<Progress, "step" | "total">): Tensor | undefined;
  /** Frees what is neither in `state` nor the network's, if there is anything. */
  dispose?(): void;
}

/** A method that uses only labelled source images: target images are not opened. */
export interface SourceMethod extends MethodParts {
  readonly usesTarget: false;
  /**
   * Losses, back-propagation and optimiser step. Read the scalars before the next step: those of a step that was
   * captured as a CUDA graph are the same tensors in every step, and belong to the method (`kept`).
   */
  step(batches: Omit<Batches, "target">, progress: Progress): Scalars;
}

/** A method that uses both domains. */
export interface TwoDomainMethod extends MethodParts {
  readonly usesTarget: true;
  /**
   * Losses, back-propagation and optimiser step. Read the scalars before the next step: those of a step that was
   * captured as a CUDA graph are the same tensors in every step, and belong to the method (`kept`).
   */
  step(batches: Batches, progress: Progress): Scalars;
}

/** An adaptation method. It owns its losses and optimisers; the loop owns the schedule. */
export type Method = SourceMethod | TwoDomainMethod;

/** The arguments of every method besides its own options. */
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
  /** Weight of the losses on labelled target images; none are used if undefined. */
  readonly labelledWeight?: number | undefined;
  /** Log the gradient norm of each loss, at the cost of one more backward pass per loss. */
  readonly gradientNorms: boolean;
  /** Receives the weights of the network's losses by name at each back-propagation that is not a replay, for reports. */
  readonly onWeights?: ((weights: Readonly<Record<string, number>>) => void) | undefined;
  /** The processes that train this network together. Default: only this one. */
  readonly group?: ProcessGroup | undefined;
  /** Names of the classes in warnings. Default: their numbers. */
  readonly classNames?: readonly string[] | undefined;
  /** Receives messages for the user. */
  readonly warn: (sentence: string) => void;
}
