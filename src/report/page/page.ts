import { escapeXml } from "../xml.js";
import { CSS } from "./css.js";

/** A whole HTML document in one string: nothing in it is fetched from anywhere. */
export function page(title: string, body: string): string {
  return (
    '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n' +
    '<meta name="viewport" content="width=device-width, initial-scale=1">\n' +
    `<title>${escapeXml(title)}</title>\n<link rel="icon" href="data:,">\n` +
    `<style>${CSS}</style>\n</head>\n<body>\n<main>\n${body}\n</main>\n</body>\n</html>\n`
  );
}

/** A titled part of the page, or nothing where it has no content. */
export function section(title: string, aside: string, body: string): string {
  if (body === "") return "";
  return (
    `<section>\n<h2>${escapeXml(title)}</h2>\n<p class="aside">${aside}</p>\n` +
    `<div class="body">${body}</div>\n</section>\n`
  );
}

/** Rows of name and value. */
export const facts = (rows: readonly (readonly [string, string])[]): string =>
  `<table><tbody>${rows
    .map(([name, value]) => `<tr><th>${escapeXml(name)}</th><td>${escapeXml(value)}</td></tr>`)
    .join("")}</tbody></table>`;

/** A table with a header; the first column is text, the others are numbers. */
export function htmlTable(rows: readonly (readonly string[])[]): string {
  const [head = [], ...body] = rows;
  const cells = (row: readonly string[], tag: "th" | "td") =>
    row
      .map((cell, i) => `<${tag}${i > 0 ? ' class="n"' : ""}>${escapeXml(cell)}</${tag}>`)
      .join("");
  return (
    `<div class="scroll"><table><thead><tr>${cells(head, "th")}</tr></thead>` +
    `<tbody>${body.map((row) => `<tr>${cells(row, "td")}</tr>`).join("")}</tbody></table></div>`
  );
}
