import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";

/** Phrases that are not current technical English, and what to write instead. */
const PHRASES: readonly [RegExp, string][] = [
  [
    /(?<!there )\b(?:is|are) no (?:[a-z]+ )?(?:file|folder|image|key|name|number|run|PNG)\b/i,
    "is not a",
  ],
  [/\b(?:ha[sv]e?|had) not(?=[.,;:)"'`]|$| (?:and|any|an?|in|of|or|the|which)\b)/, "does not have"],
  [/\b(?:is|are) to be\b/, "will be, must be, to"],
  [/\b(?:goes|go|went|gone|going) on\b/, "continues, resumes"],
  [/\banew\b/, "again"],
  [/\bas new\b(?! *\()/, "initialised"],
  [/\bwhoever\b/i, "users who, a program that"],
  [/\bbe it\b/, "whether, or"],
  [/\bas it (?:stands|lies)\b/, "(leave it out)"],
  [/\b(?:of )?one's\b/, "its, your"],
  [/\bso many\b/, "this many, N"],
  [/\bknow(?:s|ing)? nothing of\b/, "does not depend on"],
  [/\bfor want of\b/, "for lack of, without"],
  [/\bone an? [a-z]+\b(?=[.,;:)])/, "one per"],
];

/** Other people are rewriting these. */
const NOT_YET = ["docs/your-camera.md"];

const below = (folder: string, extension: RegExp): string[] =>
  readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((name) => join(folder, name))
    .filter((path) => extension.test(path));

const FILES = [
  ...["README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md"],
  ...readdirSync("docs")
    .map((name) => join("docs", name))
    .filter((path) => path.endsWith(".md")),
  ...below("src", /\.ts$/),
  ...below("web", /\.[jt]sx?$/),
  ...["bench", "bin", "examples", "release", "setup"].flatMap((folder) =>
    below(folder, /\.[jt]s$/),
  ),
].filter((path) => !NOT_YET.some((part) => path.startsWith(part)));

/** A text on one line: without comment markers, with the parts of long strings joined. */
const joined = (text: string): string =>
  text
    .replace(/\| avoid[\s\S]*?\n\n/, "") // what CONTRIBUTING.md says not to write
    .replace(/["`] \+\s*["`]/g, "")
    .replace(/\n\s*(?:\*|\/\/)?\s*/g, " ");

/** The phrases of a text to replace, with their surroundings. */
function phrasesIn(text: string): string[] {
  const line = joined(text);
  return PHRASES.flatMap(([phrase, instead]) =>
    [...line.matchAll(new RegExp(phrase, `g${phrase.flags}`))].map(
      ({ index, 0: { length } }) =>
        `"${line.slice(Math.max(0, index - 30), index + length + 30)}": ${instead}`,
    ),
  );
}

test.each(FILES)("%s", (file) => {
  expect(phrasesIn(readFileSync(file, "utf8"))).toEqual([]);
});

describe("the phrases", () => {
  test.each([
    "labels.png is no readable PNG",
    "a tensor that this network has\n// not.",
    "it is to\n * be trained",
    '"training goes " +\n  "on at step 3"',
    "build it anew",
    "the head of the network as new",
    "Whoever reads",
    "killed, be it by the kernel",
    "a folder of one's own",
    "of so many steps",
    "It knows nothing of segmentation",
    "one a line.",
  ])("are found in %j", (text) => expect(phrasesIn(text)).toHaveLength(1));

  test.each([
    "there is no run folder",
    "the run has not saved a checkpoint",
    "weights that have not been trained",
    "the text is on one line",
    "one a user can fix",
    "so that many steps follow",
    "as newer versions do",
  ])("are not found in %j", (text) => expect(phrasesIn(text)).toEqual([]));
});
