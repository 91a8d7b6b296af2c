import { resolve } from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import { UserError } from "../../errors.js";
import { nearestWord } from "../../nearest-word.js";
import { cityscapes19, classSetOf, classSets, conversions } from "../class-sets.js";
import { type ClassSet, IGNORE, type LabelCoding } from "../dataset.js";
import { classesSchema } from "./classes-option.js";
import { cityscapesIds, type LabelMap, thenMap, trainIds19 } from "./label-maps.js";
import { readRegular, whyUnreadable } from "./regular-file.js";

/** `{ id or "#rrggbb": class name, train id, "ignore" or 255 }`, or the path of a YAML file with it. */
export const mappingSchema = z.union(
  [z.string(), z.record(z.string(), z.union([z.number().int().min(0).max(IGNORE), z.string()]))],
  { error: "expected `id: class` pairs, such as { 7: road, 0: 255 }, or the path of a YAML file" },
);

/** The options that all data sets of files share. */
export const commonOptions = {
  /** Folder of the data set. */
  root: z.string().min(1),
  /** Text file with one sample name per line; its path is absolute or relative to root. */
  list: z.string().optional(),
  /** Samples to leave out, written as in a list. */
  exclude: z.array(z.string()).optional(),
  /** Classes to train on; without `mapping`, the data set's classes are matched by name. */
  classes: classesSchema.optional(),
  /** Replaces the data set's map from label values to classes. */
  mapping: mappingSchema.optional(),
  /**
   * false: do not read labels; true: error if labels are missing; "some": only the images that have a label.
   * By default labels are read if their folder exists, and each image needs one.
   */
  labelled: z
    .union([z.boolean(), z.literal("some")], { error: "expected true, false or some" })
    .optional(),
};

/** The parsed options `classes` and `mapping`. */
export interface ClassOptions {
  readonly root: string;
  readonly classes?: z.infer<typeof classesSchema> | undefined;
  readonly mapping?: z.infer<typeof mappingSchema> | undefined;
}

/** A class set with the map from label values to it. */
export interface Labelling {
  readonly classes: ClassSet;
  readonly map: LabelMap;
  /** What the label values stand for, if it is a coding that is often mistaken. */
  readonly coding?: LabelCoding;
}

/** Cityscapes' 19 classes from its label ids, which many sets use. */
export const fromCityscapesIds: Labelling = {
  classes: cityscapes19,
  map: cityscapesIds,
  coding: "cityscapes ids",
};

/** Cityscapes' 19 classes from files of train ids. */
export const fromTrainIds: Labelling = {
  classes: cityscapes19,
  map: trainIds19,
  coding: "train ids",
};

/** The labelling, and those that `conversions` derive from it. */
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
 * The classes and the map that the options describe.
 * @param native the labellings of the data set, the default first
 * @throws UserError for classes that the data set does not have, and for an invalid mapping
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
      `classes: "${unknown}" is not a class of this data set, which has ${own.classes.names.join(", ")}` +
        `${near ? ` (did you mean "${near}"?)` : ""}: rename it, or list its ids in \`mapping\`.`,
    );
  }
  const renumbered = fitting.classes.names.map((name, trainId) => {
    const index = classes.names.indexOf(name);
    return [trainId, index < 0 ? IGNORE : index] as const;
  });
  return { ...fitting, classes, map: thenMap(fitting.map, new Map(renumbered)) };
}

/** The class set of `classes`; `fallback` if it is not given. */
export function pickClasses(classes: ClassOptions["classes"], fallback: ClassSet): ClassSet {
  if (classes === undefined) return fallback;
  if (typeof classes === "string") return classSets[classes];
  const set = classSetOf(classes, fallback);
  const twice = set.names.find((name, index) => set.names.indexOf(name) !== index);
  if (twice === undefined) return set;
  throw new UserError(
    "invalid-value",
    `classes: "${twice}" is listed twice: give every class another name.`,
  );
}

/**
 * The strict map of `mapping`.
 * @throws UserError naming an entry that is not an id or colour, or not a class
 */
export async function resolveMapping(
  mapping: z.infer<typeof mappingSchema>,
  classes: ClassSet,
  root: string,
): Promise<LabelMap> {
  const { entries, where } = await mappingEntries(mapping, root);
  const trainIds = new Map<number, number>();
  const keys = Object.keys(entries);
  const key = keys.some((name) => name.startsWith("#")) ? "color" : "id";
  for (const name of keys) {
    const from = key === "color" ? parseColor(name) : parseId(name);
    if (from === undefined) {
      throw new UserError(
        "invalid-value",
        `${where}: the key "${name}" is not a ${key === "color" ? 'colour such as "#804080"' : "label id (0..65535)"}: ` +
          "use either ids or colours as keys.",
      );
    }
    trainIds.set(from, parseClass(entries[name], classes, `${where}: ${name}`));
  }
  if (keys.length === 0)
    throw new UserError("invalid-value", `${where}: it is empty: add \`id: class\` pairs.`);
  return { key, trainIds, otherwise: "error", written: true };
}

/** The entries of `mapping`, and where they are written. @throws UserError if its file cannot be used */
export const mappingEntries = async (mapping: z.infer<typeof mappingSchema>, root: string) =>
  typeof mapping === "string" ? readMapping(root, mapping) : { entries: mapping, where: "mapping" };

async function readMapping(root: string, file: string) {
  const where = resolve(root, file);
  const bytes = await readRegular(where).catch((error: unknown) => {
    throw new UserError(
      "not-found",
      `${where}: the mapping cannot be read (${whyUnreadable(error)}); check \`mapping\`.`,
      { cause: error },
    );
  });
  const parsed = mappingSchema.safeParse(yamlOf(bytes.toString("utf8"), where));
  if (parsed.success && typeof parsed.data !== "string") return { entries: parsed.data, where };
  throw new UserError(
    "invalid-value",
    `${where}: expected lines \`id: class\`, such as \`7: road\` or \`0: 255\`.`,
  );
}

function yamlOf(text: string, where: string): unknown {
  try {
    return parse(text);
  } catch (error) {
    throw new UserError(
      "damaged-file",
      `${where}: this is not valid YAML (${whyUnreadable(error)}): correct that line.`,
      { cause: error },
    );
  }
}

function parseId(text: string): number | undefined {
  return /^\d{1,5}$/.test(text) && Number(text) <= 65535 ? Number(text) : undefined;
}

function parseColor(text: string): number | undefined {
  return /^#[0-9a-f]{6}$/i.test(text) ? Number.parseInt(text.slice(1), 16) : undefined;
}

/**
 * The train id of a value of a mapping.
 * @throws UserError naming `where` and the nearest class, if it is neither a class nor `ignore`
 */
export function parseClass(
  value: string | number | undefined,
  classes: ClassSet,
  where: string,
): number {
  if (value === "ignore" || value === IGNORE) return IGNORE;
  const index = typeof value === "number" ? value : classes.names.indexOf(value ?? "");
  if (index >= 0 && index < classes.names.length) return index;
  const near = typeof value === "string" ? nearestWord(value, classes.names) : undefined;
  throw new UserError(
    typeof value === "string" ? "unknown-name" : "invalid-value",
    `${where}: ${JSON.stringify(value)} is not a class; expected one of ${classes.names.join(", ")}, ` +
      `its number (0..${classes.names.length - 1}), or 255 to ignore${near ? `; did you mean "${near}"?` : "."}`,
  );
}
