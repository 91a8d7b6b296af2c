import { adaptSegNet, adaptSegNetOptions } from "./adaptsegnet.js";
import { advent, adventOptions } from "./advent.js";
import { cfcontra, cfcontraOptions } from "./cfcontra.js";
import { maxSquare, maxSquareOptions } from "./maxsquare.js";
import { minent, minentOptions } from "./minent.js";
import { selfTraining, selfTrainingOptions } from "./self-training.js";
import { sourceOnly, sourceOnlyOptions } from "./source-only.js";

/** All methods: options with their defaults, and the factory. To add a method, add a line. */
export const methods = {
  "source-only": { options: sourceOnlyOptions, create: sourceOnly },
  minent: { options: minentOptions, create: minent },
  maxsquare: { options: maxSquareOptions, create: maxSquare },
  adaptsegnet: { options: adaptSegNetOptions, create: adaptSegNet },
  advent: { options: adventOptions, create: advent },
  cfcontra: { options: cfcontraOptions, create: cfcontra },
  // Mixes images of both domains, which therefore need one size.
  "self-training": { options: selfTrainingOptions, create: selfTraining, oneSize: true },
} as const;

/** A name of `methods`. */
export type MethodName = keyof typeof methods;
/** The names of all methods. */
export const METHODS = Object.keys(methods) as MethodName[];
