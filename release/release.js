import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { releasedChangelog } from "./changelog.js";
import { tryPackage } from "./consumer.js";
import { ReleaseError } from "./error.js";
import { nextVersion, writeVersion } from "./version.js";

const FILES = ["package.json", "package-lock.json", "CHANGELOG.md"];

/** The slow steps, which throw if they fail; `pack` returns the path of the tarball. */
export const STEPS = {
  /** @param {string} root */
  check: (root) => run(root, "npm", ["run", "check"]),
  /** @param {string} root @param {string} version */
  pack(root, version) {
    const folder = join(root, "build", "release");
    mkdirSync(folder, { recursive: true });
    run(root, "npm", ["pack", "--loglevel=error", "--pack-destination", folder]);
    return join(folder, `cfcontra-${version}.tgz`);
  },
  tryPackage,
};

/**
 * Creates the release `wanted` (patch, minor, major or X.Y.Z) in a clean clone: writes version and
 * changelog, runs the checks, packs a tarball, tests it in an empty project, and with `commit` commits
 * and tags. Publishes nothing. If a step fails, it restores the files.
 * @returns the version and the path of the tarball
 * @throws ReleaseError
 * @param {{ root: string, wanted: string, commit?: boolean | undefined, today?: string, steps?: typeof STEPS, say?: (line: string) => void }} options
 */
export function release({
  root,
  wanted,
  commit = false,
  today = new Date().toISOString().slice(0, 10),
  steps = STEPS,
  say = console.error,
}) {
  refuseChanges(root);
  const { version: current } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const version = nextVersion(current, wanted);
  refuseTag(root, `v${version}`);
  const before = new Map(FILES.map((name) => [name, readFileSync(join(root, name), "utf8")]));
  const changelog = releasedChangelog(before.get("CHANGELOG.md") ?? "", version, today);
  let tarball;
  try {
    writeVersion(root, version);
    writeFileSync(join(root, "CHANGELOG.md"), changelog);
    say(`${current} -> ${version}; checking ...`);
    steps.check(root);
    say("packing ...");
    tarball = steps.pack(root, version);
    say("testing the package in an empty project ...");
    steps.tryPackage(tarball, version);
    if (commit) git(root, "commit", "--quiet", "-m", `Release ${version}`, "--", ...FILES);
  } catch (error) {
    for (const [name, text] of before) writeFileSync(join(root, name), text);
    throw error;
  }
  if (commit) git(root, "tag", "--annotate", `v${version}`, "-m", version);
  return { version, tarball };
}

/** @param {string} root */
function refuseChanges(root) {
  const changed = git(root, "status", "--porcelain").trimEnd();
  if (changed === "") return;
  throw new ReleaseError(`the working tree has changes: commit or stash them first.\n${changed}`);
}

/** @param {string} root @param {string} tag */
function refuseTag(root, tag) {
  if (git(root, "tag", "--list", tag).trim() === "") return;
  throw new ReleaseError(`the tag ${tag} already exists: choose another version.`);
}

/** @param {string} root @param {string[]} args */
function git(root, ...args) {
  const { status, stdout, stderr } = spawnSync("git", args, { cwd: root, encoding: "utf8" });
  if (status === 0) return stdout;
  throw new ReleaseError(`\`git ${args.join(" ")}\` fails:\n${stderr}`);
}

/** @param {string} root @param {string} command @param {string[]} args */
function run(root, command, args) {
  const { status } = spawnSync(command, args, { cwd: root, stdio: "inherit" });
  if (status !== 0) throw new ReleaseError(`\`${[command, ...args].join(" ")}\` fails.`);
}
