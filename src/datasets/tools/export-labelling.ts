import { UserError } from "../../errors.js";
import { nearestWord } from "../../nearest-word.js";
import { classSetOf } from "../class-sets.js";
import { type ClassSet, type Color, IGNORE } from "../dataset.js";
import { isClassName } from "../files/classes-option.js";
import { hexColor, type LabelMap } from "../files/label-maps.js";
import type { Labelling } from "../files/labelling.js";
import { type ClassOptions, mappingEntries, parseClass, pickClasses } from "../files/labelling.js";

/** A class of an export. */
export interface ExportClass {
  /** Its pixels in labels: an id, or a colour as 0xrrggbb. */
  readonly value: number;
  readonly name: string;
  readonly color?: Color | undefined;
}

/** The classes of a labelling tool's export, in its order. */
export interface ExportClasses {
  /** The file that lists them, for messages. */
  readonly path: string;
  readonly key: LabelMap["key"];
  readonly classes: readonly ExportClass[];
  /** The value of pixels without annotation; undefined if the format does not have such pixels. */
  readonly unlabelled?: number | undefined;
  /** Other values that the format defines as ignored. */
  readonly ignored?: readonly number[];
  /** The values that occur, if they are known without drawing the labels. */
  readonly used?: ReadonlySet<number>;
}

/** The parsed options of an export. Keys of `mapping` are names of its classes. */
export interface ExportOptions extends ClassOptions {
  /** The class of pixels without annotation, or "ignore". */
  readonly unlabelled?: string | undefined;
  readonly labelled?: boolean | "some" | undefined;
}

/**
 * The classes and the map of an export. A class is mapped as `mapping` states, else to the class of the same
 * name; one that occurs and has neither is an error.
 * @throws UserError for unknown names, and if `unlabelled` must be chosen
 */
export async function exportLabelling(
  exported: ExportClasses,
  options: ExportOptions,
): Promise<Labelling> {
  const { mapping = {}, root } = options;
  const { entries, where } = await mappingEntries(mapping, root);
  requireKnown(Object.keys(entries), exported, where);
  requireValues(exported);
  const rest = restOf(exported, options, entries);
  const classes = pickClasses(options.classes, ownClasses(exported, entries, rest));
  const trainIds = new Map<number, number>();
  for (const { value, name } of exported.classes) {
    const entry = Object.hasOwn(entries, name) ? entries[name] : undefined;
    if (entry !== undefined) trainIds.set(value, parseClass(entry, classes, `${where}: ${name}`));
    else if (classes.names.includes(name)) trainIds.set(value, classes.names.indexOf(name));
  }
  for (const value of exported.ignored ?? []) trainIds.set(value, IGNORE);
  if (exported.unlabelled !== undefined && rest !== undefined) {
    const id = parseClass(rest, classes, "unlabelled");
    const name = exported.classes.find(({ value }) => value === exported.unlabelled)?.name ?? "";
    if (Object.hasOwn(entries, name) && trainIds.get(exported.unlabelled) !== id) {
      throw new UserError(
        "conflicting-options",
        `${exported.path}: pixels without annotation are of its class ${name}, which \`mapping\` makes ` +
          `${entries[name]}, but \`unlabelled\` ${rest}: remove one of the two.`,
      );
    }
    trainIds.set(exported.unlabelled, id);
  }
  if (options.classes === undefined) requireUsable(classes, exported);
  const map: LabelMap = {
    key: exported.key,
    trainIds,
    otherwise: "error",
    explain: fault(exported),
  };
  for (const value of exported.used ?? []) {
    if (trainIds.has(value) || options.labelled === false) continue;
    throw new UserError("class-mismatch", `${exported.path}: ${map.explain?.(value)}.`);
  }
  return { classes, map };
}

type Entries = Readonly<Record<string, string | number>>;

function requireKnown(names: readonly string[], { classes, path }: ExportClasses, where: string) {
  const known = classes.map(({ name }) => name);
  const unknown = names.find((name) => !known.includes(name));
  if (unknown === undefined) return;
  const near = nearestWord(unknown, known);
  throw new UserError(
    "unknown-name",
    `${where}: "${unknown}" is not a class of ${path}, which has ${known.join(", ")}` +
      `${near ? `; did you mean "${near}"?` : ""}: keys are names of its classes.`,
  );
}

/** @throws UserError if two classes have one value or colour */
function requireValues({ classes, key, path }: ExportClasses): void {
  const what = key === "color" ? "colour" : "value";
  const twice = classes.find(({ value }, i) => classes.findIndex((c) => c.value === value) !== i);
  if (twice) {
    throw new UserError(
      "class-mismatch",
      `${path}: "${twice.name}" has the ${what} of another class: give each its own, and export again.`,
    );
  }
}

/** What pixels without annotation become, if there are any. @throws UserError if it must be chosen */
function restOf(
  { classes, unlabelled: value, path }: ExportClasses,
  { unlabelled, labelled }: ExportOptions,
  entries: Entries,
): string | number | undefined {
  if (value === undefined) return undefined;
  if (unlabelled !== undefined) return unlabelled;
  const name = classes.find((entry) => entry.value === value)?.name;
  if (name !== undefined && Object.hasOwn(entries, name)) return entries[name];
  if (labelled === false) return "ignore";
  throw new UserError(
    "invalid-value",
    `${path}: \`unlabelled\` is missing: set it to \`ignore\` if pixels without annotation may show ` +
      "anything, or to a class, such as `background`, if everything of the other classes is annotated.",
  );
}

/**
 * The classes of an export if the configuration does not list any, with the colours of the tool, except one
 * that several classes share.
 */
function ownClasses(
  { classes, unlabelled }: ExportClasses,
  entries: Entries,
  rest: string | number | undefined,
): ClassSet {
  const names = new Set<string>();
  const add = (name: string | number | undefined) => {
    if (typeof name === "string" && name !== "ignore") names.add(name);
  };
  for (const { name, value } of classes) {
    if (value !== unlabelled) add(Object.hasOwn(entries, name) ? entries[name] : name);
    else add(rest); // in the order of the tool
  }
  add(rest);
  const shared = (color: Color | undefined) =>
    classes.filter((other) => String(other.color) === String(color)).length > 1;
  const colors = new Map(
    classes.map(({ name, color }) => [name, shared(color) ? undefined : color]),
  );
  return classSetOf([...names].map((name) => ({ name, color: colors.get(name) })));
}

/** @throws UserError unless the classes of an export can be trained on */
function requireUsable({ names }: ClassSet, { path }: ExportClasses): void {
  const faulty = names.find((name) => !isClassName(name));
  if (faulty !== undefined) {
    throw new UserError(
      "class-mismatch",
      `${path}: ${JSON.stringify(faulty)} cannot be the name of a class (1 to 64 visible characters): ` +
        "rename it in `mapping`.",
    );
  }
  if (names.length >= 2 && names.length <= IGNORE) return;
  throw new UserError(
    "class-mismatch",
    `${path}: training needs 2 to ${IGNORE} classes, but it has ${names.length} (` +
      `${names.slice(0, 3).join(", ")}): ${names.length < 2 ? "set `unlabelled: background`" : "list the `classes` to use"}.`,
  );
}

/** Explains a value without a class. */
function fault({ classes, key, path }: ExportClasses): (value: number) => string {
  const names = new Map(classes.map(({ value, name }) => [value, name]));
  return (value) => {
    const name = names.get(value);
    if (name !== undefined) {
      return (
        `"${name}" is a class of the export, but not of \`classes\`: add it there, or ` +
        `map it, as in \`mapping: { ${name}: ignore }\``
      );
    }
    const written = key === "color" ? `the colour ${hexColor(value)}` : `the value ${value}`;
    return `${written} is not a class of ${path}, which has ${[...names.values()].join(", ")}`;
  };
}
