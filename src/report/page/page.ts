import { escapeXml } from "../xml.js";
import { CSS } from "./css.js";
import { typefaceRule } from "./typeface.js";

/** A whole HTML document in one string, which loads nothing else. */
export function page(title: string, body: string): string {
  return (
    '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n' +
    '<meta name="viewport" content="width=device-width, initial-scale=1">\n' +
    `<title>${escapeXml(title)}</title>\n<link rel="icon" href="data:,">\n` +
    `<style>${typefaceRule()}${CSS}</style>\n</head>\n<body>\n<main>\n${body}\n</main>\n</body>\n</html>\n`
  );
}

/** A titled part of the page; "" without content. */
export function section(title: string, aside: string, body: string): string {
  if (body === "") return "";
  return (
    `<section>\n<h2>${escapeXml(title)}</h2>\n<p class="aside">${aside}</p>\n` +
    `<div class="body">${body}</div>\n</section>\n`
  );
}

/** Content that may be wider than the page, and scrolls by touch, wheel and keyboard. */
export const scrolling = (name: string, content: string): string =>
  `<div class="scroll" tabindex="0" role="region" aria-label="${escapeXml(name)}">${content}</div>`;

/** Text as it is, with long lines that scroll. */
export const preformatted = (name: string, text: string, look = ""): string =>
  `<pre tabindex="0" role="region" aria-label="${escapeXml(name)}"${look}>${escapeXml(text)}</pre>`;

/** Rows of name and value. */
export const facts = (rows: readonly (readonly [string, string])[]): string =>
  `<table><tbody>${rows
    .map(
      ([name, value]) =>
        `<tr><th scope="row">${escapeXml(name)}</th><td>${escapeXml(value)}</td></tr>`,
    )
    .join("")}</tbody></table>`;

/** A table with a header; the first column is text, the others are numbers. */
export function htmlTable(rows: readonly (readonly string[])[], name: string): string {
  const [head = [], ...body] = rows;
  const titles = head.map(
    (cell, i) => `<th scope="col"${i > 0 ? ' class="n"' : ""}>${escapeXml(cell)}</th>`,
  );
  const line = ([title = "", ...cells]: readonly string[]) =>
    `<tr><th scope="row">${escapeXml(title)}</th>${cells.map((cell) => `<td class="n">${escapeXml(cell)}</td>`).join("")}</tr>`;
  return scrolling(
    name,
    `<table><thead><tr>${titles.join("")}</tr></thead><tbody>${body.map(line).join("")}</tbody></table>`,
  );
}
