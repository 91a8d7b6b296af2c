import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** Where the dashboard's page is built to, which has the typeface. */
const ASSETS = fileURLToPath(new URL("../../web/dashboard/assets/", import.meta.url));
const LATIN = /^ibm-plex-sans-latin-wght-normal-.*\.woff2$/;

let known: string | undefined;

/** The typeface of all pages as a rule with its data, 61 kB; "" if the pages are not built. */
export function typefaceRule(): string {
  known ??= read();
  return known;
}

function read(): string {
  try {
    const name = readdirSync(ASSETS).find((file) => LATIN.test(file));
    if (name === undefined) return "";
    const data = readFileSync(join(ASSETS, name)).toString("base64");
    return (
      '@font-face { font-family: "IBM Plex Sans Variable"; font-weight: 100 700; ' +
      `src: url(data:font/woff2;base64,${data}) format("woff2") }\n`
    );
  } catch {
    return ""; // the system's typeface will do
  }
}
