import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { parseDatasetSpec } from "../../src/datasets/open.js";
import { configSchema } from "../../src/experiment/config.js";
import { configuration, readPreset } from "../../src/experiment/presets.js";
import { inTemporaryFolder } from "../datasets/fixtures.js";
import { type Block, blocks, inlineCode, PAGES } from "./markdown.js";

/** Keys that a preset has at its top. */
const TOP = [...Object.keys(configSchema.shape), "byMethod"];
const startsPreset = (line = "") => TOP.includes(/^(\w+): ?(\{|$)/.exec(line)?.[1] as string);

/** A preset, or a part of one laid over Streets, must be what the parser takes. */
async function checkPreset(part: Record<string, unknown>): Promise<void> {
  await inTemporaryFolder(async (folder) => {
    const path = join(folder, "page.yaml");
    writeFileSync(path, stringify({ ...readPreset("streets"), ...part }));
    const { source, target, evaluate } = configuration({ preset: path });
    for (const spec of [source, target, ...Object.values(evaluate)]) parseDatasetSpec(spec);
  });
}

const all = [...PAGES.keys()].flatMap(blocks);
const named = (list: readonly Block[]) =>
  list.map((block) => [`${block.page}:${block.line}`, block.lines.join("\n")] as const);

describe("YAML", () => {
  const marked = all.filter(({ language }) => language === "yaml");
  const unmarked = all.filter(({ language, lines }) => language === "" && startsPreset(lines[0]));
  test("is on these pages", () => {
    expect(marked.length).toBeGreaterThan(4);
    expect(unmarked.length).toBeGreaterThan(1);
  });
  test.each(named([...marked, ...unmarked]))("%s", async (_, text) => {
    const value = parse(text, { merge: true });
    if (value.apiVersion === undefined) await checkPreset(value); // else Kubernetes'
  });
  test.each([...PAGES.keys()])("%s, between backticks", async (page) => {
    const parts = inlineCode(page).filter((code) => startsPreset(code) && code.includes("{"));
    for (const part of parts) await checkPreset(parse(part));
  });
  test("with a mistake is refused", async () => {
    await expect(checkPreset({ train: { stpes: 3 } })).rejects.toThrow(/did you mean steps/);
    await expect(checkPreset({ source: { type: "gta5" } })).rejects.toThrow(/root/);
  });
});

test.each(named(all.filter(({ language }) => language === "json")))("JSON: %s", (_, text) => {
  expect(() => JSON.parse(text)).not.toThrow();
});
