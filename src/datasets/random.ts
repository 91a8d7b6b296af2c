import { uniformInt } from "pure-rand/distribution/uniformInt";
import { xoroshiro128plusFromState } from "pure-rand/generator/xoroshiro128plus";
import { skipN } from "pure-rand/utils/skipN";

/** Random numbers that follow from a seed and a position, so that no state has to be saved. */
export interface Random {
  /** A whole number 0 .. bound - 1. */
  below(bound: number): number;
  /** A number in [from, to). */
  between(from: number, to: number): number;
  /** true with this probability. */
  chance(probability: number): boolean;
}

/** The generator of a seed and up to two more whole numbers. */
export function generatorFrom(seed: number, place: number, stream = 0x9e3779b9) {
  const generator = xoroshiro128plusFromState([seed | 0, place | 0, stream | 0, 0x243f6a88]);
  skipN(generator, 32); // states that differ in a few bits need some draws to diverge
  return generator;
}

/** A source of random numbers for every (seed, place). */
export function randomFrom(seed: number, place: number): Random {
  const generator = generatorFrom(seed, place, 0x517cc1b7);
  const below = (bound: number) => uniformInt(generator, 0, bound - 1);
  const share = () => below(2 ** 30) / 2 ** 30;
  return {
    below,
    between: (from, to) => from + share() * (to - from),
    chance: (probability) => share() < probability,
  };
}
