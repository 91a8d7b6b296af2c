import { ReleaseError } from "./error.js";

const UNRELEASED = "## Unreleased";

/**
 * A changelog in which what was under "Unreleased" is under `version` and a date (YYYY-MM-DD), below
 * a new, empty "Unreleased".
 * @param {string} text
 * @param {string} version
 * @param {string} date
 */
export function releasedChangelog(text, version, date) {
  const [before, after] = text.split(`${UNRELEASED}\n`);
  const changes = after?.split(/^## /m)[0]?.trim();
  if (!changes) {
    throw new ReleaseError(
      `CHANGELOG.md has nothing under "${UNRELEASED}": write there what ${version} changes, and commit it.`,
    );
  }
  if (text.includes(`\n## ${version} `)) {
    throw new ReleaseError(
      `CHANGELOG.md has a section of ${version} already: choose another version.`,
    );
  }
  return `${before}${UNRELEASED}\n\n## ${version} - ${date}\n${after}`;
}
