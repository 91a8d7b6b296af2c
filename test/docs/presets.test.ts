import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import type { z } from "zod";
import { DATASET_TYPES } from "../../src/datasets/open.js";
import { configSchema } from "../../src/experiment/config.js";
import { presetNames } from "../../src/experiment/presets.js";
import { METHODS, methods } from "../../src/methods/index.js";
import { coderTraining } from "../../src/style/index.js";
import { codes, type Table, tables } from "./markdown.js";

const page = (name: string) => tables(readFileSync(`docs/${name}.md`, "utf8"));
const presets = page("presets");

/** Default and choices of one key of a schema. */
interface Key {
  /** `undefined` if the key is optional without a default, "required" if it is required. */
  readonly value: unknown;
  readonly choices: readonly string[];
}

// biome-ignore lint/suspicious/noExplicitAny: zod's definitions have a shape for each kind
type Definition = any;

/** A schema without its wrappers, and its default. */
function unwrap(schema: z.ZodType): { inner: Definition; value: unknown } {
  let { def } = (schema as Definition)._zod;
  let value: unknown = "required";
  for (;;) {
    if (def.type === "default") value = def.defaultValue;
    else if (def.type === "prefault" || def.type === "optional") value = undefined;
    if (def.type === "pipe") def = def.out._zod.def;
    else if (def.innerType === undefined) return { inner: def, value };
    else def = def.innerType._zod.def;
  }
}

function keysOf(schema: z.ZodType): Map<string, Key> {
  const { shape } = unwrap(schema).inner;
  return new Map(
    Object.entries(shape as Record<string, z.ZodType>).map(([name, part]) => {
      const { inner, value } = unwrap(part);
      const choices = inner.type === "enum" ? Object.values(inner.entries as object) : [];
      return [name, { value, choices: choices.map(String) }];
    }),
  );
}

/** The default in a cell. */
function valueIn(cell: string): unknown {
  if (cell === "") return undefined;
  return cell === "required" ? cell : parse(cell.replaceAll("`", ""));
}

const tableOf = (heading: string, first = "key") =>
  presets.find((table) => table.heading === heading && table.header[0] === first) as Table;
const nameIn = (cell = "") => codes(cell)[0] as string;

describe("docs/presets.md", () => {
  const top = configSchema.shape;
  const labelledKeys = top.labelledTarget.unwrap().omit({ type: true });
  test.each([
    ["Top level", configSchema],
    ["Labelled target", labelledKeys],
    ["Sizes", top.sizes],
    ["Network", top.network],
    ["Train", top.train],
    ["Pretrain", top.pretrain],
    ["After", top.after],
    ["Augment", top.augment],
    ["Sampling", top.sampling],
    ["Style", top.style],
  ] as [string, z.ZodType][])("%s: every key, with its default and choices", (heading, schema) => {
    const { rows } = tableOf(heading);
    const documented = rows.map(({ key, default: value = "" }) => [nameIn(key), valueIn(value)]);
    const known = [...keysOf(schema)].map(([name, { value }]) => [name, value]);
    const sorted = (pairs: unknown[][]) => Object.fromEntries(pairs as [string, unknown][]);
    expect(documented).toHaveLength(known.length);
    expect(sorted(documented)).toEqual(sorted(known));
    for (const [name, { choices }] of keysOf(schema)) {
      if (name === "method" && heading !== "Style") continue; // docs/methods.md names them
      const meaning = rows.find(({ key }) => nameIn(key) === name)?.meaning;
      expect(codes(meaning)).toEqual(expect.arrayContaining([...choices]));
    }
  });

  test("the training of the coder, with the defaults of each encoder", () => {
    const table = presets.filter(({ heading }) => heading === "Style")[1] as Table;
    const column = (name: string) =>
      Object.fromEntries(
        table.rows.map(({ key, [name]: value = "" }) => [nameIn(key), valueIn(value)]),
      );
    expect(column("own")).toEqual({ ...coderTraining({}, "own"), size: undefined });
    expect(column("MobileNetV2")).toEqual({ ...coderTraining({}, "mobilenetv2"), size: undefined });
    expect(column("published VGG-19")).toEqual(coderTraining({}, "vgg"));
  });

  test.each(Object.keys(DATASET_TYPES))("data sets: every option of %s", (type) => {
    const { rows } = tableOf("Data sets");
    const covers = (types = "") =>
      types.startsWith("all") ? !codes(types).includes(type) : codes(types).includes(type);
    const own = rows.filter(({ types }) => covers(types));
    const keys = keysOf((DATASET_TYPES[type] as { schema: z.ZodType }).schema);
    expect(own.map(({ key }) => nameIn(key)).sort()).toEqual([...keys.keys()].sort());
    for (const row of own) {
      const { value, choices } = keys.get(nameIn(row.key)) as Key;
      expect([row.key, valueIn(row.default ?? "")]).toEqual([row.key, value]);
      if (row.meaning !== "the same") {
        expect(codes(row.meaning)).toEqual(expect.arrayContaining([...choices]));
      }
    }
  });

  test("describes every preset", () => {
    const { rows } = tableOf("Built-in presets", "preset");
    expect(rows.map(({ preset }) => nameIn(preset)).sort()).toEqual(presetNames().sort());
  });
});

describe("docs/methods.md", () => {
  const options = page("methods").filter(({ header }) => header[0] === "option");
  /** Rows as [option, default]; some contain two of each. */
  const pairs = ({ rows }: Table) =>
    rows.flatMap(({ option, default: cell = "" }) => {
      const names = codes(option);
      const values = names.length > 1 ? cell.split(",") : [cell];
      return names.map((name, i) => [name, values[i]?.trim() ?? ""] as const);
    });
  const all = new Map(options.flatMap(pairs));

  test.each([
    ["Strong augmentation", "strong"],
    ["Masked images", "mask"],
  ] as const)("%s: every key, with its default", (heading, option) => {
    const schema = methods["self-training"].options.shape[option];
    const { rows } = page("methods").find((table) => table.heading === heading) as Table;
    const documented = rows.map(({ key, default: value = "" }) => [nameIn(key), valueIn(value)]);
    expect(documented).toEqual([...keysOf(schema)].map(([name, { value }]) => [name, value]));
  });

  test.each(METHODS)("every option of %s, with its default", (method) => {
    const keys = keysOf(methods[method].options);
    const own = options.find(({ heading }) => heading.split(", ").includes(method)) as Table;
    expect([...keys.keys()]).toEqual(expect.arrayContaining(pairs(own).map(([name]) => name)));
    for (const [name, { value }] of keys) {
      const cell = all.get(name);
      if (name === "terms")
        expect(cell).toBe(`all ${["", "one", "two", "three", "four"][(value as []).length]}`);
      else expect([name, valueIn(cell ?? "")]).toEqual([name, value]);
    }
  });
});
