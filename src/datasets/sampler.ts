import { uniformInt } from "pure-rand/distribution/uniformInt";
import { generatorFrom } from "./random.js";

/**
 * An endless stream of the indices 0..length-1, each once per epoch and shuffled in every epoch. Element k
 * depends on (length, seed, k) only, so a stream can resume anywhere.
 */
export function createSampler(length: number, seed: number): (k: number) => number {
  let epoch = -1;
  let order = new Uint32Array();
  return (k) => {
    const wanted = Math.floor(k / length);
    if (wanted !== epoch) {
      order = permutation(length, seed, wanted);
      epoch = wanted;
    }
    return order[k % length] as number;
  };
}

/** The indices 0..length-1 in the order of a seed and epoch. */
export function permutation(length: number, seed: number, epoch: number): Uint32Array<ArrayBuffer> {
  const generator = generatorFrom(seed, epoch);
  const order = Uint32Array.from({ length }, (_, index) => index);
  for (let last = length - 1; last > 0; last--) {
    const other = uniformInt(generator, 0, last);
    const value = order[last] as number;
    order[last] = order[other] as number;
    order[other] = value;
  }
  return order;
}
