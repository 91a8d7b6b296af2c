/**
 * The streams of random numbers of a run, apart from libtorch's generator (weights, dropout, mixing).
 * Sample k of a stream depends on (seed, stream, k) only, so a resumed run does not need saved state, and a
 * change to one stream does not affect the others.
 */
const STREAMS = [
  "source order",
  "target order",
  "look around", // images that a method looks at before it starts
  "style",
  "source augmentation",
  "target augmentation",
  "style coder", // crops of content images, on which AdaIN's encoder and decoder are trained
  "rare classes",
  "labelled target order",
  "labelled target augmentation",
  "style coder looks", // crops of style images
] as const;

export type StreamName = (typeof STREAMS)[number];

/** Seeds reserved per run seed, so that seeds s and s + 1 never share a stream. */
const ROOM = 16;

/** The seed of a stream of a run. */
export const streamSeed = (seed: number, name: StreamName): number =>
  seed * ROOM + STREAMS.indexOf(name);
