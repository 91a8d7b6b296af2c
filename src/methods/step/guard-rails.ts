import type { MemoryBank } from "../../contrast/index.js";
import type { MethodContext } from "../method.js";

/** Steps between two checks, which wait for a GPU. */
const EVERY = 25;
/** Steps between two warnings of the same kind. */
const PAUSE = 500;
/** Cosine of two classes' prototypes above which they do not separate the classes. */
const COLLAPSED = 0.99;

/** Warns about signs that a run does not learn. Does not change the run. */
export interface GuardRails {
  /** Whether to check in this step: reading the numbers for the functions below waits for a GPU. */
  areDue(step: number): boolean;
  /** Pixels of each class in a domain's labels for the contrastive loss. */
  contrast(step: number, domain: "source" | "target", counts: readonly number[]): void;
  /** Pixels of each class in a batch of pseudo-labels of the contrastive loss, or of the mean teacher. */
  pseudoLabels(step: number, counts: readonly number[], by?: "teacher"): void;
  prototypes(step: number, domain: "source" | "target", bank: MemoryBank): void;
}

/** Warns when a problem first occurs, and again after 500 steps at the earliest. */
export function guardRails({
  warn,
  classNames = [],
}: Pick<MethodContext, "warn" | "classNames">): GuardRails {
  const nameOf = (k: number) => classNames[k] ?? k;
  const last = new Map<string, number>();
  const say = (what: string, step: number, sentence: string) => {
    if (step - (last.get(what) ?? Number.NEGATIVE_INFINITY) < PAUSE) return;
    last.set(what, step);
    warn(`step ${step + 1}: ${sentence}`);
  };
  return {
    areDue: (step) => step % EVERY === 0,
    contrast(step, domain, counts) {
      if (counts.some((count) => count > 0)) return;
      const why =
        domain === "source"
          ? "no source pixel has a label: check the labels with `cfcontra data check`"
          : "no target pixel has a pseudo-label: lower the option threshold, or increase warmup";
      say(`${domain} pixels`, step, `the contrastive loss has no ${domain} pixels; ${why}.`);
    },
    pseudoLabels(step, counts, by) {
      const given = counts.flatMap((count, k) => (count > 0 ? [k] : []));
      if (given.length !== 1 || counts.length === 1) return;
      const [whose, what] =
        by === "teacher"
          ? ["all of the teacher's labels", "student learns"]
          : ["all pseudo-labels", "contrastive loss has"];
      say(
        `one class ${by}`,
        step,
        `${whose} are of class ${nameOf(given[0] as number)}, so the ${what} no other target class: ` +
          "increase warmup, or lower the weights of the entropy.",
      );
    },
    prototypes(step, domain, bank) {
      const [a, b, cosine] = bank.closest() ?? [0, 0, 0];
      if (cosine <= COLLAPSED) return;
      say(
        `${domain} prototypes`,
        step,
        `the ${domain} bank's prototypes of classes ${nameOf(a)} and ${nameOf(b)} are the same (cosine ${cosine.toFixed(3)}): ` +
          "they do not separate the classes; increase warmup, or try another network.head.",
      );
    },
  };
}
