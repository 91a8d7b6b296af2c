import type { ClassSet } from "../../src/dashboard/api.js";

/** Lines whose colours can be told apart. */
export const LINES = 8;
const style = () => getComputedStyle(document.documentElement);

/** A colour of the style sheet, in the current theme. */
export const color = (name: string): string => style().getPropertyValue(`--${name}`).trim();

/** Colours of lines; the first is for the source, the second for the target. */
export const lineColors = (): string[] =>
  Array.from({ length: LINES }, (_, k) => color(`line-${k}`));

/** A colour for each name: source and target have their own, the others share the rest. */
export function colorsOf(names: readonly string[]): Map<string, string> {
  const free = lineColors();
  const taken = new Map<string, string>();
  for (const [word, k] of [
    ["source", 0],
    ["target", 1],
  ] as const) {
    const owner = names.find((name) => name.split("/").includes(word));
    if (owner !== undefined && !taken.has(owner)) taken.set(owner, free[k] as string);
  }
  const left = taken.size > 0 ? free.slice(2) : free;
  let next = 0;
  return new Map(
    names.map((name) => [name, taken.get(name) ?? (left[next++ % left.length] as string)]),
  );
}

/** The colours of keys that end with a class's name: the class's, drawn towards the text's to be visible. */
export function classColors(
  keys: readonly string[],
  classes: ClassSet | undefined,
): Map<string, string> {
  const ink = parse(color("ink"));
  const hex = (part: number) => Math.round(part).toString(16).padStart(2, "0");
  return new Map(
    keys.map((key) => {
      const k = classes?.names.indexOf(key.slice(key.indexOf("/") + 1)) ?? -1;
      const own = classes?.colors[k] ?? [128, 128, 128];
      const mixed = own.map((part, i) => hex(part + (1 - VISIBLE) * ((ink[i] as number) - part)));
      return [key, `#${mixed.join("")}`];
    }),
  );
}
/** Share of a class's own colour in its line. */
const VISIBLE = 0.75;

type Rgb = readonly [number, number, number];

/** The colour of a value 0..1 in heat maps, from the background's to the strongest. */
export function heat(): (value: number) => string {
  const stops = [0, 1, 2, 3].map((k) => parse(color(`heat-${k}`)));
  return (value) => {
    const at = Math.min(1, Math.max(0, value)) * (stops.length - 1);
    const k = Math.min(stops.length - 2, Math.floor(at));
    const [from, to] = [stops[k] as Rgb, stops[k + 1] as Rgb];
    const mixed = from.map((part, i) => Math.round(part + (at - k) * ((to[i] as number) - part)));
    return `rgb(${mixed.join(" ")})`;
  };
}

const parse = (hex: string): Rgb =>
  [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16)) as unknown as Rgb;

/** Calls back when the theme changes, until `signal` aborts. */
export function onTheme(listener: () => void, signal: AbortSignal): void {
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", listener, { signal });
  document.addEventListener("theme", listener, { signal });
}
