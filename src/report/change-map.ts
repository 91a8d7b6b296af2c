// The layers "error" and "change": where a prediction is wrong, and what a run changed against its baseline.
// Loads nothing, so that pages use it, too.

type Rgb = readonly [number, number, number];

/** Colours of the layers. Broken pixels are hatched, so that they differ from fixed ones without colour, too. */
export const LAYER_COLORS = {
  right: [246, 243, 236],
  wrong: [158, 154, 148],
  fixed: [27, 128, 82],
  broken: [168, 58, 22],
  hatch: [236, 170, 132],
  unlabelled: [38, 36, 34],
} as const satisfies Record<string, Rgb>;

/** The colours of the layer "change" in words. */
export const CHANGE_KEY = [
  ["right", "right in both"],
  ["wrong", "wrong in both"],
  ["fixed", "fixed"],
  ["broken", "broken"],
] as const satisfies readonly (readonly [keyof typeof LAYER_COLORS, string])[];

const IGNORE = 255;

/** Train ids [height * width]. */
export interface LabelMap {
  readonly ids: Uint8Array;
  readonly width: number;
  readonly height: number;
}

/** RGBA pixels [height * width * 4]. */
export type Rgba = Uint8ClampedArray<ArrayBuffer>;

/** Train ids of pixels in the colours of the classes; IGNORE for other colours. `channels` is 3 or 4. */
export function idsOfColors(
  pixels: ArrayLike<number>,
  channels: number,
  colors: readonly (readonly number[])[],
): Uint8Array {
  const known = new Map<number, number>();
  for (const [k, [r = 0, g = 0, b = 0]] of colors.entries()) {
    const key = (r << 16) | (g << 8) | b;
    if (!known.has(key)) known.set(key, k);
  }
  const ids = new Uint8Array(Math.floor(pixels.length / channels));
  let [last, id] = [-1, IGNORE];
  for (let i = 0, at = 0; i < ids.length; i++, at += channels) {
    const key =
      ((pixels[at] as number) << 16) |
      ((pixels[at + 1] as number) << 8) |
      (pixels[at + 2] as number);
    if (key !== last) [last, id] = [key, known.get(key) ?? IGNORE];
    ids[i] = id;
  }
  return ids;
}

/** The same labels at another size: nearest neighbour. */
export function resizedTo(map: LabelMap, { width, height }: Omit<LabelMap, "ids">): LabelMap {
  if (map.width === width && map.height === height) return map;
  const ids = new Uint8Array(width * height);
  for (let y = 0; y < height; y++) {
    const row = Math.floor(((y + 0.5) * map.height) / height) * map.width;
    for (let x = 0; x < width; x++) {
      ids[y * width + x] = map.ids[row + Math.floor(((x + 0.5) * map.width) / width)] as number;
    }
  }
  return { ids, width, height };
}

/** Pixels in the colours of a layer, and shares of the labelled pixels; NaN if there are none. */
export interface ErrorLayer {
  readonly rgba: Rgba;
  /** The number of labelled pixels. */
  readonly labelled: number;
  readonly wrong: number;
}
export interface ChangeLayer extends ErrorLayer {
  /** Wrong before and right now; right before and wrong now. `wrong` is of both. */
  readonly fixed: number;
  readonly broken: number;
}

/** Wrong pixels in the colour of the class that was predicted, at the size of the truth. */
export function errorLayer(
  truth: LabelMap,
  prediction: LabelMap,
  colors: readonly (readonly number[])[],
): ErrorLayer {
  const { ids } = resizedTo(prediction, truth);
  const paint = painter(truth);
  let [labelled, wrong] = [0, 0];
  for (let i = 0; i < truth.ids.length; i++) {
    if (truth.ids[i] === IGNORE) {
      paint.set(i, LAYER_COLORS.unlabelled);
      continue;
    }
    labelled++;
    if (truth.ids[i] === ids[i]) {
      paint.set(i, LAYER_COLORS.right);
      continue;
    }
    wrong++;
    paint.set(i, colors[ids[i] as number] ?? LAYER_COLORS.wrong);
  }
  return { rgba: paint.rgba, labelled, wrong: wrong / labelled };
}

/** What became right and what became wrong from one prediction to another, at the size of the truth. */
export function changeLayer(truth: LabelMap, before: LabelMap, after: LabelMap): ChangeLayer {
  const [old, now] = [resizedTo(before, truth).ids, resizedTo(after, truth).ids];
  const paint = painter(truth);
  const count = { labelled: 0, wrong: 0, fixed: 0, broken: 0 };
  for (let i = 0; i < truth.ids.length; i++) {
    const id = truth.ids[i];
    if (id === IGNORE) {
      paint.set(i, LAYER_COLORS.unlabelled);
      continue;
    }
    count.labelled++;
    const [was, is] = [old[i] === id, now[i] === id];
    if (was && is) paint.set(i, LAYER_COLORS.right);
    else {
      const kind = was ? "broken" : is ? "fixed" : "wrong";
      count[kind]++;
      paint.set(i, kind === "broken" && paint.onHatch(i) ? LAYER_COLORS.hatch : LAYER_COLORS[kind]);
    }
  }
  const { labelled, wrong, fixed, broken } = count;
  const share = (pixels: number) => pixels / labelled;
  return {
    ...{ rgba: paint.rgba, labelled, wrong: share(wrong) },
    ...{ fixed: share(fixed), broken: share(broken) },
  };
}

function painter({ width, height }: Omit<LabelMap, "ids">) {
  const rgba: Rgba = new Uint8ClampedArray(width * height * 4);
  const stripe = Math.max(2, Math.round(width / 64)); // visible in small pictures, too
  return {
    rgba,
    set(i: number, color: readonly number[]): void {
      const at = i * 4;
      rgba[at] = color[0] as number;
      rgba[at + 1] = color[1] as number;
      rgba[at + 2] = color[2] as number;
      rgba[at + 3] = 255;
    },
    /** Diagonal stripes. */
    onHatch: (i: number): boolean =>
      Math.floor(((i % width) + Math.floor(i / width)) / stripe) % 2 === 1,
  };
}

const inPercent = (share: number): string =>
  Number.isFinite(share) ? `${(share * 100).toFixed(1)} %` : "–";

/** "fixed 3.0 %, broke 1.5 %" */
export const changeCaption = ({ fixed, broken }: Pick<ChangeLayer, "fixed" | "broken">): string =>
  `fixed ${inPercent(fixed)}, broke ${inPercent(broken)}`;

/** The shares of several images together. */
export function changeOfAll(
  layers: readonly Pick<ChangeLayer, "labelled" | "fixed" | "broken">[],
): Pick<ChangeLayer, "fixed" | "broken"> {
  const labelled = layers.reduce((sum, one) => sum + one.labelled, 0);
  const share = (which: "fixed" | "broken") =>
    layers.reduce((sum, one) => sum + (one.labelled > 0 ? one[which] * one.labelled : 0), 0) /
    labelled;
  return { fixed: share("fixed"), broken: share("broken") };
}

/** "wrong 12.3 %" */
export const errorCaption = ({ wrong }: Pick<ErrorLayer, "wrong">): string =>
  `wrong ${inPercent(wrong)}`;
