/**
 * The colours of every page: report, comparison, dashboard and playground. `web/look.css` has the same values.
 * Lines: blue is the source, orange the target, and the rest follow.
 */
export const LIGHT = {
  paper: "#fbfaf7",
  sheet: "#ffffff",
  ink: "#201e1b",
  muted: "#655f57",
  line: "#e6e1d8",
  firm: "#8d867b",
  accent: "#7a3b7a",
  "accent-ink": "#ffffff",
  good: "#1b6b46",
  bad: "#a82a2a",
  warn: "#855900",
  "line-0": "#2563a8",
  "line-1": "#b9561b",
  "line-2": "#1b7f5c",
  "line-3": "#a23b7e",
  "line-4": "#846800",
  "line-5": "#1b7a93",
  "line-6": "#b3303a",
  "line-7": "#5b6472",
  "heat-0": "#f3f0ea",
  "heat-1": "#c9b3d3",
  "heat-2": "#8a4f92",
  "heat-3": "#2b1136",
} as const;

/** The same in the dark. */
export const DARK: Readonly<Record<keyof typeof LIGHT, string>> = {
  paper: "#141316",
  sheet: "#1b1a1e",
  ink: "#ece9e4",
  muted: "#a8a29a",
  line: "#2e2c31",
  firm: "#77716e",
  accent: "#d7a0d7",
  "accent-ink": "#1d0f1d",
  good: "#74cf9f",
  bad: "#f39191",
  warn: "#e3bb62",
  "line-0": "#7db3f0",
  "line-1": "#f2a26b",
  "line-2": "#63c9a0",
  "line-3": "#e391c4",
  "line-4": "#d9bd55",
  "line-5": "#6fc6dc",
  "line-6": "#f0898f",
  "line-7": "#a9b2bf",
  "heat-0": "#201e24",
  "heat-1": "#55305e",
  "heat-2": "#b06fb0",
  "heat-3": "#fbe6f3",
};

/** Lines whose colours can be told apart. */
export const LINES = 8;
/** The typeface of every page; pages that embed no font fall back to the system's. */
export const TYPEFACE = '"IBM Plex Sans Variable", "IBM Plex Sans", system-ui, sans-serif';

/** Declarations of custom properties. */
export const declarations = (palette: Readonly<Record<string, string>>): string =>
  Object.entries(palette)
    .map(([name, value]) => `--${name}: ${value}`)
    .join("; ");

/** The colour of the k-th line as a custom property; after eight they repeat. */
export const lineColor = (k: number): string => `var(--line-${k % LINES})`;

/** The colours of lines for source and target, by name; the others share the rest. */
export function lineColors(names: readonly string[]): string[] {
  const fixed = ["source", "target"];
  const free = names.some((name) => fixed.includes(name)) ? 2 : 0;
  let next = 0;
  return names.map((name) => {
    const at = fixed.indexOf(name);
    return lineColor(at >= 0 ? at : free + (next++ % (LINES - free)));
  });
}
