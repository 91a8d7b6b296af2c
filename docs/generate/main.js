// `npm run docs`: writes the API reference.
import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { apiPages } from "./api.js";

const folder = fileURLToPath(new URL("../api/", import.meta.url));
const pages = apiPages();
mkdirSync(folder, { recursive: true });
for (const name of readdirSync(folder)) if (!pages.has(name)) rmSync(`${folder}${name}`);
for (const [name, text] of pages) writeFileSync(`${folder}${name}`, text);
console.log(`${pages.size} pages in docs/api/`);
