import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { parseDatasetSpec } from "../../src/datasets/open.js";
import { configSchema } from "../../src/experiment/config.js";
import { configuration, readPreset } from "../../src/experiment/presets.js";
import { inTemporaryFolder } from "../datasets/fixtures.js";
import { userError } from "../user-error.js";
import { type Block, blocks, inlineCode, PAGES } from "./markdown.js";

/** The top-level keys of a preset. */
const TOP = [...Object.keys(configSchema.shape), "byMethod"];
const startsPreset = (line = "") => TOP.includes(/^(\w+): ?(\{|$)/.exec(line)?.[1] as string);

/** Parses a preset, or a part of one on top of Streets. */
async function checkPreset(part: Record<string, unknown>): Promise<void> {
  await inTemporaryFolder(async (folder) => {
    const path = join(folder, "page.yaml");
    writeFileSync(path, stringify({ ...readPreset("streets"), ...part }));
    const { source, target, labelledTarget, evaluate } = configuration({ preset: path });
    for (const spec of [source, target, ...Object.values(evaluate)]) parseDatasetSpec(spec);
    if (labelledTarget) {
      const { weight: _, ...spec } = labelledTarget;
      parseDatasetSpec(spec);
    }
  });
}

const all = [...PAGES.keys()].flatMap(blocks);
const named = (list: readonly Block[]) =>
  list.map((block) => [`${block.page}:${block.line}`, block.lines.join("\n")] as const);

describe("YAML", () => {
  const marked = all.filter(({ language }) => language === "yaml");
  const unmarked = all.filter(({ language, lines }) => language === "" && startsPreset(lines[0]));
  test("exists on these pages", () => {
    expect(marked.length).toBeGreaterThan(4);
    expect(unmarked.length).toBeGreaterThan(1);
  });
  test.each(named([...marked, ...unmarked]))("%s", async (_, text) => {
    const value = parse(text, { merge: true });
    if (value.apiVersion === undefined) await checkPreset(value); // else Kubernetes'
  });
  test.each([...PAGES.keys()])("%s, in backticks", async (page) => {
    const parts = inlineCode(page).filter((code) => startsPreset(code) && code.includes("{"));
    for (const part of parts) await checkPreset(parse(part));
  });
  test("with a mistake is refused", async () => {
    const misspelt = checkPreset({ train: { stpes: 3 } });
    await userError(misspelt, "unknown-key", "train.stpes", "did you mean steps");
    await userError(checkPreset({ source: { type: "gta5" } }), "invalid-value", "root");
  });
});

test.each(named(all.filter(({ language }) => language === "json")))("JSON: %s", (_, text) => {
  expect(() => JSON.parse(text)).not.toThrow();
});
