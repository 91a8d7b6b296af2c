import {
  manualSeed,
  type ProcessGroup,
  rand,
  randomState,
  scope,
  setRandomState,
  tensor,
  zeros,
} from "../torch/index.js";

/** The state of the CPU's random generator in each rank, as bytes. */
export type RandomStates = readonly Uint8Array[];

/** The random state of this process. */
export function ownRandomState(): Uint8Array {
  return scope(() => Uint8Array.from(randomState().bytes()));
}

/** Sets the random state of this process. */
export function takeRandomState(state: Uint8Array): void {
  scope(() => setRandomState(tensor(state)));
}

/** The states of all ranks, gathered in every rank. */
export function randomStates(group: ProcessGroup): RandomStates {
  const own = ownRandomState();
  if (group.size === 1) return [own];
  return scope(() => {
    const rows = Array.from({ length: group.size }, (_, rank) =>
      rank === group.rank ? tensor(own) : zeros([own.length], { dtype: "uint8" }),
    );
    group.sum(rows);
    return rows.map((row) => Uint8Array.from(row.bytes()));
  });
}

/**
 * Gives each rank its state from rank 0's list. A rank without a state in it gets a seed that derives
 * from rank 0's state.
 */
export function shareRandomStates(group: ProcessGroup, states: RandomStates): void {
  const [first = ownRandomState()] = states;
  scope(() => {
    const ranks = tensor(Float64Array.from([states.length]));
    group.broadcast([ranks]);
    const rows = Array.from({ length: ranks.item() }, (_, i) =>
      tensor(Uint8Array.from(states[i] ?? first)),
    );
    group.broadcast(rows);
    const { rank } = group;
    setRandomState(rows[rank] ?? (rows[0] as (typeof rows)[0]));
    if (rank >= rows.length) manualSeed(Math.floor(rand([1]).item() * 2 ** 24) + rank);
  });
}
