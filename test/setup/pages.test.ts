import { cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { buildPages, pagesFresh } from "../../setup/pages.js";
import { inTemporaryFolder } from "../datasets/fixtures.js";

const checkout = fileURLToPath(new URL("../..", import.meta.url));

test.each(["plain", "with # and ?"])("pages are built in a folder whose name is %s", (name) =>
  inTemporaryFolder(async (made) => {
    const root = join(made, name);
    const write = (path: string, text: string) => {
      mkdirSync(join(root, path, ".."), { recursive: true });
      writeFileSync(join(root, path), text);
    };
    write("package.json", "{}");
    write("src/report/shared.ts", "export const shared: string = 'from src';\n");
    write(
      "web/page/main.ts",
      'import { shared } from "../../src/report/shared.js";\nalert(shared);',
    );
    write("web/page/index.html", '<script type="module" src="./main.ts"></script>');
    mkdirSync(join(root, "build"));
    cpSync(join(checkout, "web/vite.config.js"), join(root, "web/vite.config.js"));
    symlinkSync(join(checkout, "node_modules"), join(root, "node_modules"));
    buildPages(root, process.env);
    const assets = join(root, "dist/web/page/assets");
    const [script] = readdirSync(assets) as [string];
    expect(readFileSync(join(assets, script), "utf8")).toContain("from src");
    expect(readFileSync(join(root, "dist/web/page/index.html"), "utf8")).toContain(script);
    expect(pagesFresh(root)).toBe(true);
    write("src/report/shared.ts", "export const shared: string = 'changed';\n"); // a page uses it
    expect(pagesFresh(root)).toBe(false);
  }),
);
