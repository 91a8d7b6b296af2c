import { LIGHT, TYPEFACE } from "./palette.js";

/** Inline SVG of a page as a file of its own: in the light colours, on a background, with its typeface. */
export function standaloneSvg(svg: string): string {
  const colors: Readonly<Record<string, string>> = LIGHT;
  const resolved = svg.replace(/var\(--([\w-]+)\)/g, (_, name) => colors[name] ?? LIGHT.ink);
  const style = `<style>text { font-family: ${TYPEFACE}; fill: ${LIGHT.muted} }</style>`;
  return `${resolved.replace(
    /<svg ([^>]*)>/,
    (_, attributes) =>
      `<svg xmlns="http://www.w3.org/2000/svg" ${attributes}>${style}<rect width="100%" height="100%" fill="${LIGHT.paper}"/>`,
  )}\n`;
}
