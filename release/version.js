import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ReleaseError } from "./error.js";

const PARTS = ["major", "minor", "patch"];

/** @param {string} version */
const numbers = (version) => version.split(".").map(Number);

/**
 * The version after `current` for `wanted`: patch, minor, major or X.Y.Z. X.Y.Z may be the current
 * version, for the first release.
 * @param {string} current
 * @param {string} wanted
 */
export function nextVersion(current, wanted) {
  const part = PARTS.indexOf(wanted);
  if (part >= 0) {
    const next = numbers(current).map((n, i) => (i < part ? n : i === part ? n + 1 : 0));
    return next.join(".");
  }
  if (!/^(0|[1-9]\d*)(\.(0|[1-9]\d*)){2}$/.test(wanted)) {
    throw new ReleaseError(`${wanted} is not a version: expected patch, minor, major or X.Y.Z.`);
  }
  const [now, next] = [numbers(current), numbers(wanted)];
  const first = now.findIndex((n, i) => n !== next[i]); // -1 if equal
  if (Number(next[first]) < Number(now[first])) {
    throw new ReleaseError(`${wanted} is older than ${current}, the version in package.json.`);
  }
  return wanted;
}

/**
 * Writes a version to package.json and package-lock.json.
 * @param {string} root
 * @param {string} version
 */
export function writeVersion(root, version) {
  for (const name of ["package.json", "package-lock.json"]) {
    const file = join(root, name);
    const json = JSON.parse(readFileSync(file, "utf8"));
    json.version = version;
    if (json.packages) json.packages[""].version = version;
    writeFileSync(file, `${JSON.stringify(json, null, 2)}\n`);
  }
}
