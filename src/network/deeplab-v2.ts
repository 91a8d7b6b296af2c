import { normalInit } from "../nn/index.js";
import { atrousPyramid, RATES } from "./atrous-pyramid.js";
import type { Decoder, DecoderParts } from "./decoder.js";

/** The names of AdaptSegNet and ADVENT. */
const SCOPES = { aux: "layer5", main: "layer6" } as const;

/**
 * Two decoders of DeepLab-v2, on the last two stages of the backbone, as in AdaptSegNet and ADVENT.
 * AdaptSegNet's rates are only 6 and 12.
 */
export const deeplabV2Decoder: Decoder = {
  scopes: SCOPES,
  create(parts, { channels, classes, rates = RATES }) {
    const aux = atrousPyramid(parts.aux, channels.aux, classes, normalInit(0.01), rates);
    const main = atrousPyramid(parts.main, channels.main, classes, normalInit(0.01), rates);
    return {
      featureSize: channels.main,
      leftOut: spareBranches(rates),
      forward: (features, training) => ({
        aux: aux(features.aux, training),
        main: main(features.main, training),
        features: features.main,
      }),
    };
  },
  describe(shape) {
    const classes = (scope: string) => shape(`${scope}.conv2d_list.0.weight`)?.[0];
    const main = classes(SCOPES.main);
    const aux = classes(SCOPES.aux) !== undefined;
    return main === undefined ? undefined : { name: "DeepLab-v2", classes: main, aux };
  },
};

/** The published branches that are not in `rates`, if `rates` are the first of the published dilations. */
function spareBranches(rates: readonly number[]): DecoderParts["leftOut"] {
  if (rates.some((rate, i) => rate !== RATES[i])) return [];
  return RATES.slice(rates.length).flatMap((_, i) =>
    [SCOPES.aux, SCOPES.main].map((scope) => ({
      scope: `${scope}.conv2d_list.${rates.length + i}`,
    })),
  );
}
