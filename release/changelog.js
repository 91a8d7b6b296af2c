import { ReleaseError } from "./error.js";

const UNRELEASED = "## Unreleased";

/**
 * Moves the section "Unreleased" of a changelog to `version` and a date (YYYY-MM-DD), below a new,
 * empty "Unreleased".
 * @param {string} text
 * @param {string} version
 * @param {string} date
 */
export function releasedChangelog(text, version, date) {
  const [before, after] = text.split(`${UNRELEASED}\n`);
  const changes = after?.split(/^## /m)[0]?.trim();
  if (!changes) {
    throw new ReleaseError(
      `CHANGELOG.md: the section "${UNRELEASED}" is empty; add the changes of ${version}, and commit it.`,
    );
  }
  if (text.includes(`\n## ${version} `)) {
    throw new ReleaseError(
      `CHANGELOG.md already has a section for ${version}: choose another version.`,
    );
  }
  return `${before}${UNRELEASED}\n\n## ${version} - ${date}\n${after}`;
}
