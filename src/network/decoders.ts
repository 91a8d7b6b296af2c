import type { Decoder } from "./decoder.js";
import { deeplabV2Decoder } from "./deeplab-v2.js";
import { deeplabV3PlusDecoder } from "./deeplab-v3plus.js";

/** All decoders by their names in a configuration. */
export const decoders = {
  "deeplab-v2": deeplabV2Decoder,
  "deeplab-v3plus": deeplabV3PlusDecoder,
} as const satisfies Readonly<Record<string, Decoder>>;

/** A name of `decoders`. */
export type DecoderName = keyof typeof decoders;
/** The names of all decoders. */
export const DECODERS = Object.keys(decoders) as DecoderName[];
