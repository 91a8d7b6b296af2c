import { normalInit } from "../nn/index.js";
import { atrousPyramid } from "./atrous-pyramid.js";
import type { Decoder } from "./decoder.js";

/** Scopes as AdaptSegNet and ADVENT name them. */
const SCOPES = { aux: "layer5", main: "layer6" } as const;

/** The decoder of DeepLab-v2, twice: on the last two stages of the backbone, as in AdaptSegNet and ADVENT. */
export const deeplabV2Decoder: Decoder = {
  scopes: SCOPES,
  create(parts, { channels, classes }) {
    const aux = atrousPyramid(parts.aux, channels.aux, classes, normalInit(0.01));
    const main = atrousPyramid(parts.main, channels.main, classes, normalInit(0.01));
    return {
      featureSize: channels.main,
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
