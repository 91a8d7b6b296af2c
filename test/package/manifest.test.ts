import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));
const json = (name: string) => JSON.parse(readFileSync(join(root, name), "utf8"));
const manifest = json("package.json");
const lock = json("package-lock.json");
const { dependencies, devDependencies, peerDependencies, peerDependenciesMeta } = manifest;

/** The packages that files below a folder import, by a static or a dynamic import or `require`. */
function imported(folder: string, ending: string): Set<string> {
  const files = readdirSync(join(root, folder), { recursive: true, encoding: "utf8" });
  const found = new Set<string>();
  for (const file of files.filter((name) => name.endsWith(ending))) {
    const text = readFileSync(join(root, folder, file), "utf8");
    const names = text.matchAll(
      /(?:\bfrom|\bimport|\bimport\(|\brequire\(|\bresolve\()\s*"((?:@[\w.-]+\/)?[\w-][\w.-]*)[^"]*"/g,
    );
    for (const [, name = ""] of names) if (!/^(node|cfcontra)$/.test(name)) found.add(name);
  }
  return found;
}

test("the dependencies are the packages that src/ and setup/ import", () => {
  const used = new Set([...imported("src", ".ts"), ...imported("setup", ".js")]);
  for (const built of ["typescript", "vite"]) used.delete(built); // in a clone only
  const asked = Object.keys(peerDependencies);
  for (const name of asked) used.delete(name);
  expect([...used].sort()).toEqual(Object.keys(dependencies).sort());
});

test("packages that the pages import are bundled: development dependencies", () => {
  const used = [...imported("web", ".ts"), ...imported("web", ".js"), ...imported("web", ".css")];
  expect(used).toContain("uplot");
  const developed = new Set(Object.keys(devDependencies));
  expect(used.filter((name) => !developed.has(name))).toEqual([]);
});

test("ONNX Runtime is optional, and the version it is tested with is in the range", () => {
  for (const name of ["onnxruntime-node", "onnxruntime-web"]) {
    expect(peerDependenciesMeta[name]).toEqual({ optional: true });
    expect(devDependencies[name]).toMatch(/^\d+\.\d+\.\d+$/);
    expect(peerDependencies[name]).toBe(`^${devDependencies[name].split(".")[0]}.20.0`);
  }
});

test("the lock file agrees with package.json, and contains no address", () => {
  const { name, version, engines, bin } = manifest;
  expect(lock.packages[""]).toMatchObject({ name, version, engines, bin });
  expect(lock.version).toBe(version);
  for (const kind of ["dependencies", "devDependencies", "peerDependencies"]) {
    expect(lock.packages[""][kind]).toEqual(manifest[kind]);
  }
  const entries = Object.entries<{ resolved?: string }>(lock.packages);
  expect(entries.filter(([, entry]) => entry.resolved !== undefined)).toEqual([]);
  expect(JSON.stringify(lock)).not.toMatch(/https?:\/\/[^"]*\.tgz/);
});

test("no dependency downloads anything in an install script", () => {
  const scripted = Object.entries<{ hasInstallScript?: boolean; dev?: boolean }>(lock.packages)
    .filter(([, { hasInstallScript, dev }]) => hasInstallScript && !dev)
    .map(([name]) => name);
  // It prints a warning about version ranges.
  expect(scripted).toEqual(["node_modules/protobufjs"]);
});
