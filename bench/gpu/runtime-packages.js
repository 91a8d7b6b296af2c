import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** Packages that only a compiler reads. */
const TYPES = /^node_modules\/(@types\/|undici-types$)/;

/**
 * The folders of the packages that the program loads, of those that are installed.
 * @param {string} root
 * @returns {string[]} relative to the root
 */
export function runtimePackages(root) {
  const { packages } = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8"));
  return Object.entries(packages)
    .filter(([name, { dev, devOptional }]) => name !== "" && !dev && !devOptional)
    .map(([name]) => name)
    .filter((name) => !TYPES.test(name) && existsSync(join(root, name)));
}
