// `npm run docs`: writes the API reference, and the tables and charts of the results.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { apiPages } from "./api.js";
import { chartsOf } from "./curves.js";
import { FOLDER, withTables } from "./results.js";

const folder = fileURLToPath(new URL("../api/", import.meta.url));
const pages = apiPages();
mkdirSync(folder, { recursive: true });
for (const name of readdirSync(folder)) if (!pages.has(name)) rmSync(`${folder}${name}`);
for (const [name, text] of pages) writeFileSync(`${folder}${name}`, text);
console.log(`${pages.size} pages in docs/api/`);

const results = fileURLToPath(new URL("../results.md", import.meta.url));
const text = readFileSync(results, "utf8");
writeFileSync(results, withTables(text));
for (const [file, svg] of chartsOf(text)) writeFileSync(`${FOLDER}${file}`, svg);
