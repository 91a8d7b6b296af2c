import { uniformFloat64 } from "pure-rand/distribution/uniformFloat64";
import { xoroshiro128plusFromState } from "pure-rand/generator/xoroshiro128plus";

/** A seeded stream of random numbers; every draw advances it. */
export interface Random {
  /** Uniform in [0, 1). */
  next(): number;
  /** Uniform in [low, high). */
  range(low: number, high: number): number;
  /** Whole number in low..high, inclusive. */
  int(low: number, high: number): number;
  /** True with probability p. */
  chance(p: number): boolean;
  /** One element of a non-empty list. */
  pick<T>(list: readonly T[]): T;
}

/** The stream of some whole numbers: equal numbers give equal streams. */
export function randomFrom(...key: readonly number[]): Random {
  const state = [1, 2, 3, 4].map((salt) => hash([salt, ...key]));
  const generator = xoroshiro128plusFromState(state);
  const next = () => uniformFloat64(generator);
  return {
    next,
    range: (low, high) => low + (high - low) * next(),
    int: (low, high) => low + Math.floor((high - low + 1) * next()),
    chance: (p) => next() < p,
    pick: (list) => {
      const element = list[Math.floor(list.length * next())];
      if (element === undefined) throw new RangeError("pick: the list is empty");
      return element;
    },
  };
}

// Finaliser of MurmurHash3 (Appleby, public domain), chained over the key, so that neighbouring indices
// give unrelated streams.
function hash(key: readonly number[]): number {
  let h = 0x9e3779b9;
  for (const part of key) {
    h = Math.imul(h ^ part, 0x85ebca6b);
    h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
    h ^= h >>> 16;
  }
  return h | 0;
}
