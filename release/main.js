// `npm run release -- patch|minor|major|X.Y.Z [--commit]`
import { relative } from "node:path";
import { parseArgs } from "node:util";
import { ROOT } from "../setup/bootstrap.js";
import { ReleaseError } from "./error.js";
import { release } from "./release.js";

const USAGE = `npm run release -- patch|minor|major|X.Y.Z [--commit]

Writes the version to package.json and the date to CHANGELOG.md, runs the checks, packs, and tests the
package in an empty project. --commit commits and tags the result. Nothing is published.`;

/** The options of the command line; undefined if they are invalid. */
function asked() {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: { commit: { type: "boolean", default: false } },
    });
    const [wanted, ...others] = positionals;
    return wanted === undefined || others.length > 0 ? undefined : { wanted, ...values };
  } catch {
    return undefined;
  }
}

/** @param {{ wanted: string, commit: boolean }} given */
function main(given) {
  const { version, tarball } = release({ root: ROOT, ...given });
  const file = relative(process.cwd(), tarball);
  console.error(
    given.commit
      ? `${version} is committed and tagged. To publish it: git push --follow-tags; npm publish ${file}`
      : `${version} is ready: ${file}. Check \`git diff\`, then commit and tag it v${version}.`,
  );
}

// Ctrl-C ends the current step, whose failure restores the files.
process.on("SIGINT", () => {});
const given = asked();
if (given === undefined) {
  console.error(USAGE);
  process.exitCode = 2;
} else {
  try {
    main(given);
  } catch (error) {
    if (!(error instanceof ReleaseError)) throw error;
    console.error(`release: ${error.message}`);
    process.exitCode = 1;
  }
}
