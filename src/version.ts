import { readFileSync } from "node:fs";

interface Manifest {
  readonly version: string;
  readonly devDependencies: Readonly<Record<string, string>>;
}

const manifest = JSON.parse(
  readFileSync(new URL("../package.json", import.meta.url), "utf8"),
) as Manifest;

/** The version of this package, as its package.json states it. */
export const version: string = manifest.version;

/** The version of another package that this one is built and tested with. */
export const testedVersion = (name: string): string => manifest.devDependencies[name] as string;
