import { resolve } from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import { UserError } from "../../errors.js";
import { nearestWord } from "../../nearest-word.js";
import { cityscapes19, classSetOf, classSets, conversions } from "../class-sets.js";
import { type ClassSet, IGNORE, type LabelCoding } from "../dataset.js";
import { cityscapesIds, type LabelMap, thenMap, trainIds19 } from "./label-maps.js";
import { readRegular, whyUnreadable } from "./regular-file.js";

const channel = z.number().int().min(0).max(255);
const color = z.tuple([channel, channel, channel]);

/** Names are keys of tables and metrics, and shown in terminals: joiners apart, no invisible characters. */
const CLASS_NAME = /^(?!__proto__$)(?=.*\S)([^\p{C}\p{Zl}\p{Zp}]|[\u200c\u200d]){1,64}$/u;
const className = z.string().regex(CLASS_NAME);

const classEntry = z.union([
  className,
  z.strictObject({ name: className, color: color.optional() }),
]);

/** A known class set by name, or a list of class names with or without colours. */
export const classesSchema = z.preprocess(
  (value, context) => {
    const message = faultOfClasses(value);
    if (message === undefined) return value;
    context.addIssue({ code: "custom", message, input: value });
    return z.NEVER;
  },
  z.union([z.enum(Object.keys(classSets) as [keyof typeof classSets]), z.array(classEntry)]),
);

/** What is wrong with a value of `classes`, if anything. */
function faultOfClasses(value: unknown): string | undefined {
  if (typeof value === "string" && Object.hasOwn(classSets, value)) return undefined;
  const list = "a list of class names (each may be { name, color: [r, g, b] })";
  if (!Array.isArray(value)) return `expected ${Object.keys(classSets).join(", ")}, or ${list}`;
  if (value.length < 2)
    return "expected at least two classes: one alone leaves nothing to tell apart";
  if (value.length > IGNORE) return `expected at most ${IGNORE} classes, found ${value.length}`;
  const wrong = value.findIndex((entry) => !classEntry.safeParse(entry).success);
  if (wrong < 0) return undefined;
  const name: unknown = value[wrong]?.name ?? value[wrong];
  if (typeof name !== "string" || className.safeParse(name).success) return `expected ${list}`;
  return (
    `${JSON.stringify(name.slice(0, 64))} is not a class name: expected 1 to 64 visible characters, ` +
    "other than __proto__"
  );
}

/** `{ id or "#rrggbb": class name, train id, "ignore" or 255 }`, or the path of a YAML file of it. */
export const mappingSchema = z.union(
  [z.string(), z.record(z.string(), z.union([z.number().int().min(0).max(IGNORE), z.string()]))],
  { error: "expected `id: class` pairs, such as { 7: road, 0: 255 }, or the path of a YAML file" },
);

/** The options that all data sets of files share. */
export const commonOptions = {
  /** Folder of the data set. */
  root: z.string().min(1),
  /** Text file of sample names, one a line, absolute or relative to root. */
  list: z.string().optional(),
  /** Names of samples to leave out. */
  exclude: z.array(z.string()).optional(),
  /** Classes to train; without `mapping`, the set's own classes are matched by name. */
  classes: classesSchema.optional(),
  /** Replaces the set's own map from label values to classes. */
  mapping: mappingSchema.optional(),
  /** false: leave the labels unread; true: miss them. By default they are read if present. */
  labelled: z.boolean().optional(),
};

/** What `classes` and `mapping` may say, parsed. */
export interface ClassOptions {
  readonly root: string;
  readonly classes?: z.infer<typeof classesSchema> | undefined;
  readonly mapping?: z.infer<typeof mappingSchema> | undefined;
}

/** A class set with the map that leads from label values to it. */
export interface Labelling {
  readonly classes: ClassSet;
  readonly map: LabelMap;
  /** What the label files hold, where it is a published coding that is often mistaken. */
  readonly coding?: LabelCoding;
}

/** Cityscapes' 19 classes from its label ids: what many sets have. */
export const fromCityscapesIds: Labelling = {
  classes: cityscapes19,
  map: cityscapesIds,
  coding: "cityscapes ids",
};

/** Cityscapes' 19 classes from files that hold train ids. */
export const fromTrainIds: Labelling = {
  classes: cityscapes19,
  map: trainIds19,
  coding: "train ids",
};

/** The labelling followed by those that `conversions` derive from it. */
function withConversions(labelling: Labelling): Labelling[] {
  const derived = conversions
    .filter(({ from }) => from === labelling.classes)
    .map(({ from, to, names }) => {
      const renumbered = from.names.map(
        (name, trainId) => [trainId, to.names.indexOf(names[name] ?? "")] as const,
      );
      const known = renumbered.filter(([, trainId]) => trainId >= 0);
      return { ...labelling, classes: to, map: thenMap(labelling.map, new Map(known)) };
    });
  return [labelling, ...derived];
}

/**
 * The classes and the map that the options ask for.
 * @param native what the data set itself offers, the usual one first
 * @throws UserError for class names that the data set lacks and for a faulty mapping
 */
export async function resolveLabelling(
  native: readonly [Labelling, ...Labelling[]],
  options: ClassOptions,
): Promise<Labelling> {
  const own = native[0];
  const classes = pickClasses(options.classes, own.classes);
  if (options.mapping !== undefined) {
    return { classes, map: await resolveMapping(options.mapping, classes, options.root) };
  }
  if (options.classes === undefined) return own;
  const lacks = (set: ClassSet) => classes.names.filter((name) => !set.names.includes(name));
  const fitting = native
    .flatMap(withConversions)
    .find((labelling) => lacks(labelling.classes).length === 0);
  if (!fitting) {
    const unknown = lacks(own.classes)[0] as string;
    const near = nearestWord(unknown, own.classes.names);
    throw new UserError(
      "unknown-name",
      `classes: "${unknown}" is no class of this data set, which has ${own.classes.names.join(", ")}` +
        `${near ? ` (did you mean "${near}"?)` : ""}; rename it or say in \`mapping\` which ids it has.`,
    );
  }
  const renumbered = fitting.classes.names.map((name, trainId) => {
    const index = classes.names.indexOf(name);
    return [trainId, index < 0 ? IGNORE : index] as const;
  });
  return { ...fitting, classes, map: thenMap(fitting.map, new Map(renumbered)) };
}

/** The class set that `classes` means; `fallback` where it is not given. */
export function pickClasses(classes: ClassOptions["classes"], fallback: ClassSet): ClassSet {
  if (classes === undefined) return fallback;
  if (typeof classes === "string") return classSets[classes];
  const set = classSetOf(classes, fallback);
  const twice = set.names.find((name, index) => set.names.indexOf(name) !== index);
  if (twice === undefined) return set;
  throw new UserError(
    "invalid-value",
    `classes: "${twice}" is listed twice; every class needs a name of its own.`,
  );
}

/**
 * The strict map that `mapping` describes.
 * @throws UserError naming the entry that is no id or colour, or no class
 */
export async function resolveMapping(
  mapping: z.infer<typeof mappingSchema>,
  classes: ClassSet,
  root: string,
): Promise<LabelMap> {
  const { entries, where } =
    typeof mapping === "string"
      ? await readMapping(root, mapping)
      : { entries: mapping, where: "mapping" };
  const trainIds = new Map<number, number>();
  const keys = Object.keys(entries);
  const key = keys.some((name) => name.startsWith("#")) ? "color" : "id";
  for (const name of keys) {
    const from = key === "color" ? parseColor(name) : parseId(name);
    if (from === undefined) {
      throw new UserError(
        "invalid-value",
        `${where}: the key "${name}" is no ${key === "color" ? 'colour such as "#804080"' : "label id (0..65535)"}; ` +
          "all keys must be ids, or all colours.",
      );
    }
    trainIds.set(from, parseClass(entries[name], classes, `${where}: ${name}`));
  }
  if (keys.length === 0)
    throw new UserError("invalid-value", `${where}: it is empty; give \`id: class\` pairs.`);
  return { key, trainIds, otherwise: "error", written: true };
}

async function readMapping(root: string, file: string) {
  const where = resolve(root, file);
  let found: unknown;
  try {
    found = parse((await readRegular(where)).toString("utf8"));
  } catch (error) {
    throw new UserError(
      "not-found",
      `${where}: the mapping cannot be read (${whyUnreadable(error)}); check \`mapping\`.`,
      { cause: error },
    );
  }
  const parsed = mappingSchema.safeParse(found);
  if (parsed.success && typeof parsed.data !== "string") return { entries: parsed.data, where };
  throw new UserError(
    "invalid-value",
    `${where}: expected lines \`id: class\`, such as \`7: road\` or \`0: 255\`.`,
  );
}

function parseId(text: string): number | undefined {
  return /^\d{1,5}$/.test(text) && Number(text) <= 65535 ? Number(text) : undefined;
}

function parseColor(text: string): number | undefined {
  return /^#[0-9a-f]{6}$/i.test(text) ? Number.parseInt(text.slice(1), 16) : undefined;
}

function parseClass(value: string | number | undefined, classes: ClassSet, where: string): number {
  if (value === "ignore" || value === IGNORE) return IGNORE;
  const index = typeof value === "number" ? value : classes.names.indexOf(value ?? "");
  if (index >= 0 && index < classes.names.length) return index;
  const near = typeof value === "string" ? nearestWord(value, classes.names) : undefined;
  throw new UserError(
    "invalid-value",
    `${where}: ${JSON.stringify(value)} is no class; expected one of ${classes.names.join(", ")}, ` +
      `its number (0..${classes.names.length - 1}), or 255 to ignore${near ? `; did you mean "${near}"?` : "."}`,
  );
}
