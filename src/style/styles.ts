import { colorStatistics } from "./color-statistics.js";
import { coral } from "./coral.js";
import { fourier } from "./fourier.js";
import { histogram } from "./histogram.js";
import type { Style } from "./style.js";

const styles = {
  color: () => colorStatistics,
  coral: () => coral,
  fourier: ({ beta }: { beta: number }) => fourier(beta),
  histogram: () => histogram,
} as const;

/** The styles that need no training; AdaIN needs a coder. A new style is a new line in `styles`. */
export type StyleName = keyof typeof styles;
/** The names of the styles. */
export const STYLES = Object.keys(styles) as StyleName[];

/** Creates a style by name. */
export function styleOf(name: StyleName, options: { readonly beta: number }): Style {
  return styles[name](options);
}
