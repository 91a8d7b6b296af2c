/**
 * Every stream of random numbers that a run draws from, apart from libtorch's generator (weights,
 * dropout, mixing). Sample k of a stream is a function of (seed, stream, k) alone, so a resumed run needs no
 * saved state, and a change to one stream changes no other.
 */
const STREAMS = [
  "source order",
  "target order",
  "look around", // images that a method looks at before it starts
  "style",
  "source augmentation",
  "target augmentation",
  "style coder", // crops on which AdaIN's encoder and decoder are trained
  "rare classes",
] as const;

export type StreamName = (typeof STREAMS)[number];

/** Room for streams: seeds s and s + 1 never share one. */
const ROOM = 16;

/** The seed of one stream of a run. */
export const streamSeed = (seed: number, name: StreamName): number =>
  seed * ROOM + STREAMS.indexOf(name);
