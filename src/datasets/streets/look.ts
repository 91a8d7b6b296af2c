import type { Color } from "../dataset.js";
import type { Point } from "./camera.js";
import { mix, scale } from "./color.js";
import type { Domain } from "./domain.js";
import { PALETTES, type Palette } from "./palette.js";
import type { Random } from "./random.js";

/** The effects of the camera, at 320 pixels of width. */
export interface Sensor {
  readonly blur: number;
  readonly noise: number;
  readonly vignette: number;
  readonly exposure: number;
  readonly gains: Color;
  readonly contrast: number;
  readonly jpeg: number;
}

/** Weather, light, colours and camera effects of a scene. */
export interface Look {
  readonly domain: Domain;
  readonly palette: Palette;
  readonly sky: { readonly top: Color; readonly bottom: Color; readonly cloud: Color };
  readonly clouds: number;
  readonly haze: Color;
  /** Distance in metres at which haze leaves 1/e of the contrast. */
  readonly clarity: number;
  /** Unit vector towards the sun, camera coordinates. */
  readonly sun: Point;
  /** Brightness of a face that is turned away from the sun, and of one that faces it. */
  readonly ambient: number;
  readonly direct: number;
  /** Darkness of cast shadows, 0 when overcast. */
  readonly shadow: number;
  /** Share of lit windows. */
  readonly evening: number;
  /** Strength of surface grain, 0..1. */
  readonly grain: number;
  /** Share of autumn leaves. */
  readonly autumn: number;
  /** Absent in the source. */
  readonly sensor?: Sensor;
}

function towards(x: number, y: number, z: number): Point {
  const length = Math.hypot(x, y, z);
  return [x / length, y / length, z / length];
}

const GAME_SKIES: readonly { readonly top: Color; readonly bottom: Color }[] = [
  { top: [64, 138, 228], bottom: [196, 226, 250] },
  { top: [84, 152, 236], bottom: [214, 232, 244] },
  { top: [52, 120, 214], bottom: [178, 218, 248] },
  { top: [104, 170, 236], bottom: [226, 236, 244] },
];

// The source's other weather: a flat white sky, and an evening.
const GAME_CLOUDED = { top: [196, 206, 218], bottom: [232, 236, 238] } as const;
const GAME_EVENING = { top: [120, 144, 206], bottom: [255, 216, 164] } as const;

/** The source, a game: mostly noon under a blue sky, sometimes clouds or evening; no camera. */
function game(random: Random): Look {
  const roll = random.next();
  const clouded = roll < 0.25;
  const evening = !clouded && roll < 0.38;
  const sky = clouded ? GAME_CLOUDED : evening ? GAME_EVENING : random.pick(GAME_SKIES);
  return {
    domain: "source",
    palette: PALETTES.source,
    sky: { top: sky.top, bottom: sky.bottom, cloud: [250, 252, 255] },
    clouds: clouded ? 0 : random.int(0, 5),
    haze: mix(sky.bottom, [150, 186, 214], 0.4),
    clarity: random.range(250, 600),
    sun: towards(random.range(-0.9, 0.9), random.range(0.7, 1.1), random.range(-0.8, 0.3)),
    ambient: random.range(0.66, 0.76) + (clouded ? 0.1 : 0),
    direct: clouded ? 0.2 : random.range(0.32, 0.44),
    shadow: clouded ? 0 : random.range(0.24, 0.38),
    evening: 0,
    grain: random.range(0.2, 0.45),
    autumn: random.chance(0.15) ? random.range(0.1, 0.4) : 0,
  };
}

interface Weather {
  readonly top: Color;
  readonly bottom: Color;
  readonly cloud: Color;
  readonly clouds: number;
  readonly elevation: number;
  readonly ambient: number;
  readonly direct: number;
  readonly shadow: number;
  readonly evening: number;
  readonly gains: Color;
}

const WEATHERS: readonly Weather[] = [
  // clear, with a duller blue than the source
  {
    top: [106, 150, 204],
    bottom: [200, 216, 226],
    cloud: [232, 234, 236],
    clouds: 3,
    elevation: 0.8,
    ambient: 0.64,
    direct: 0.42,
    shadow: 0.3,
    evening: 0,
    gains: [1.01, 1, 0.99],
  },
  // overcast
  {
    top: [186, 191, 197],
    bottom: [222, 223, 222],
    cloud: [170, 175, 182],
    clouds: 7,
    elevation: 1.4,
    ambient: 0.8,
    direct: 0.16,
    shadow: 0,
    evening: 0,
    gains: [0.98, 1, 1.03],
  },
  // thin cloud, pale sun
  {
    top: [150, 176, 205],
    bottom: [214, 219, 221],
    cloud: [226, 227, 228],
    clouds: 8,
    elevation: 0.8,
    ambient: 0.7,
    direct: 0.34,
    shadow: 0.18,
    evening: 0,
    gains: [1.02, 1, 0.97],
  },
  // low sun
  {
    top: [128, 158, 194],
    bottom: [240, 214, 178],
    cloud: [246, 214, 182],
    clouds: 5,
    elevation: 0.38,
    ambient: 0.56,
    direct: 0.52,
    shadow: 0.34,
    evening: 0.06,
    gains: [1.07, 1, 0.88],
  },
  // dusk
  {
    top: [104, 118, 152],
    bottom: [216, 180, 160],
    cloud: [128, 122, 142],
    clouds: 6,
    elevation: 1.2,
    ambient: 0.6,
    direct: 0.14,
    shadow: 0,
    evening: 0.3,
    gains: [0.97, 0.97, 1.05],
  },
];

/** The target, a dashboard camera over a year: five kinds of weather, haze, an imperfect sensor. */
function camera(random: Random): Look {
  const roll = random.next();
  const weather = WEATHERS[
    roll < 0.28 ? 0 : roll < 0.52 ? 1 : roll < 0.74 ? 2 : roll < 0.9 ? 3 : 4
  ] as Weather;
  const cast = random.range(-0.05, 0.05);
  return {
    domain: "target",
    palette: PALETTES.target,
    sky: {
      top: scale(weather.top, random.range(0.92, 1.06)),
      bottom: scale(weather.bottom, random.range(0.95, 1.05)),
      cloud: weather.cloud,
    },
    clouds: weather.clouds + random.int(-2, 3),
    haze: mix(weather.bottom, weather.top, 0.25),
    clarity: random.range(120, 380),
    sun: towards(random.range(-1, 1), weather.elevation, random.range(-0.7, 0.7)),
    ambient: weather.ambient,
    direct: weather.direct,
    shadow: weather.shadow,
    evening: weather.evening,
    grain: random.range(0.7, 1),
    autumn: random.chance(0.35) ? random.range(0.2, 0.8) : 0,
    sensor: {
      blur: random.range(0.3, 0.65),
      noise: random.range(1.2, 4),
      vignette: random.range(0.1, 0.3),
      exposure: random.range(0.86, 1.16),
      gains: [weather.gains[0] + cast, weather.gains[1], weather.gains[2] - cast],
      contrast: random.range(0.88, 1.08),
      jpeg: random.int(62, 88),
    },
  };
}

/** Draws the look of a scene at random. */
export function sampleLook(domain: Domain, random: Random): Look {
  return domain === "source" ? game(random) : camera(random);
}
