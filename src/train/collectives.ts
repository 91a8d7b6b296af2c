import type { Method } from "../methods/method.js";
import type { Network } from "../network/index.js";
import { type ProcessGroup, scope, type Tensor, tensor } from "../torch/index.js";
import type { Position } from "./checkpoint.js";
import { shareRandomStates } from "./random-states.js";

/** Runs `body` in rank 0 first, so that the other ranks find the files that it writes. */
export async function firstThenOthers<T>(
  { rank, barrier }: ProcessGroup,
  body: () => Promise<T>,
): Promise<T> {
  if (rank > 0) barrier();
  const result = await body();
  if (rank === 0) barrier();
  return result;
}

/** Gives every rank the weights, optimiser, banks and step of rank 0, and its own random state. */
export function sameStart(
  group: ProcessGroup,
  { step, random }: Position,
  network: Network,
  method: Method,
): number {
  if (group.size === 1) return step;
  return scope(() => {
    const at = tensor(Float64Array.from([step]));
    const all: Tensor[] = [...network.parameters.all.values(), ...method.state.values()];
    group.broadcast([at, ...all]);
    shareRandomStates(group, random);
    return at.item();
  });
}

/** Named numbers averaged over the ranks; all ranks must have the same names. */
export function averageScalars(
  group: ProcessGroup,
  scalars: Record<string, number>,
): Record<string, number> {
  if (group.size === 1) return scalars;
  const names = Object.keys(scalars).sort();
  return scope(() => {
    const values = tensor(Float64Array.from(names, (name) => scalars[name] as number));
    group.average([values]);
    return Object.fromEntries(values.numbers().map((value, i) => [names[i], value]));
  });
}

/** Whether `yes` is true in any rank; all ranks get the same answer. */
export function anyRank(group: ProcessGroup, yes: boolean): boolean {
  if (group.size === 1) return yes;
  return scope(() => {
    const count = tensor(Float64Array.from([yes ? 1 : 0]));
    group.sum([count]);
    return count.item() > 0;
  });
}

/** Adds the other ranks' counts to these, in place. */
export function sumCounts(group: ProcessGroup, counts: Float64Array): void {
  if (group.size === 1) return;
  scope(() => {
    const all = tensor(counts);
    group.sum([all]);
    counts.set(all.numbers());
  });
}
