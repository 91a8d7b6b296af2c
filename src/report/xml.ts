const NAMES: Record<string, string> = { "&": "amp", "<": "lt", ">": "gt", '"': "quot" };

/** Text for use in HTML and SVG, inside quotes too. */
export const escapeXml = (text: string): string =>
  text.replace(/[&<>"]/g, (character) => `&${NAMES[character]};`);
