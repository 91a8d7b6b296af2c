import { dirname, relative, resolve, sep } from "node:path";
import { checkDataset, type DatasetReport } from "../../datasets/check.js";
import { classSetOf, classSets } from "../../datasets/class-sets.js";
import type { ClassSet, Color, Dataset } from "../../datasets/dataset.js";
import { hexColor } from "../../datasets/files/label-maps.js";
import { openDataset } from "../../datasets/open.js";
import { classNamesIn, type LabelValues, labelValues } from "../../datasets/survey/label-values.js";
import {
  type Purpose,
  type Recognised,
  recognise,
  recogniseBelow,
} from "../../datasets/survey/recognise.js";
import { UserError } from "../../errors.js";

/** What only the user knows. An answer of undefined leaves a placeholder. */
export interface Questions {
  /** The class of a label value, or "ignore"; `choices` are the classes that exist, if no others may be named. */
  className(about: ValueQuestion): Promise<string | undefined>;
  /** The class of pixels without annotation, or "ignore". */
  unlabelled(about: {
    readonly set: string;
    readonly classes: readonly string[];
  }): Promise<string | undefined>;
  /** Called before the questions about the label values of a set; returns a file that shows them. */
  examples?(set: "source" | "camera", dataset: Dataset, values: LabelValues): Promise<string>;
}

export interface ValueQuestion {
  /** The folder. */
  readonly set: string;
  /** As it is written in `mapping`. */
  readonly value: string;
  /** Share of the pixels, 0..1, and files that contain it, if they were counted. */
  readonly share?: number | undefined;
  readonly images?: number | undefined;
  readonly choices?: readonly string[] | undefined;
}

/** A line of a mapping. */
export interface MappingLine {
  readonly key: string;
  readonly name: string;
  readonly share?: number | undefined;
  /** Whether the name is a placeholder. */
  readonly open: boolean;
}

/** A data set of the preset. */
export interface DraftSet {
  readonly found: Recognised;
  /** Its options, without classes and mapping. */
  readonly spec: Recognised["spec"];
  readonly mapping: readonly MappingLine[];
  /** Whether `unlabelled` is a placeholder. */
  readonly unlabelledOpen?: boolean;
  /** Label files whose values were counted for `mapping`. */
  readonly counted?: number | undefined;
  /** A file with an example of each of these values. */
  readonly examples?: string | undefined;
  readonly report: DatasetReport;
}

/** The contents of a preset. */
export interface Draft {
  readonly source: DraftSet;
  readonly target: DraftSet;
  readonly evaluate: DraftSet | undefined;
  /** The name of a class set, or the classes with the colours that their tool gives them. */
  readonly classes:
    | keyof typeof classSets
    | readonly { readonly name: string; readonly color?: Color | undefined }[];
  /** What the user has to fill in, a clause each. */
  readonly open: readonly string[];
}

/** Images and label files to read of each set. */
const READ = 24;

/** A name for pixels without annotation if only the classes of an export are needed: one class is too few. */
const REST = "(unlabelled)";

/** Surveys the folders. @throws UserError if the source has no labels, or a folder no images */
export async function draftPreset(
  folders: {
    readonly source: string;
    readonly target: string;
    readonly evaluate?: string | undefined;
  },
  questions: Questions,
): Promise<Draft> {
  const open: string[] = [];
  const source = await draftSource(resolve(folders.source), questions, open);
  const { names, colors } = source.classes;
  const known = Object.entries(classSets).find(([, set]) => sameNames(set, source.classes))?.[0];
  const usual = classSetOf(names).colors;
  const hasColors = String(colors) !== String(usual); // those of a tool
  const classes =
    (known as keyof typeof classSets | undefined) ??
    names.map((name, index) => ({ name, ...(hasColors && { color: colors[index] }) }));
  const target = await draftTarget(resolve(folders.target), source.classes);
  const evaluate =
    folders.evaluate === undefined
      ? undefined
      : await draftEvaluation(resolve(folders.evaluate), source, questions, open);
  return { source: source.set, target, evaluate, classes, open };
}

interface Source {
  readonly set: DraftSet;
  readonly classes: ClassSet;
}

const sameNames = (a: ClassSet, b: ClassSet): boolean => a.names.join("\n") === b.names.join("\n");

/** A labelled data set. @throws UserError if there are no labels; names the sub-folder that has some */
async function recogniseLabelled(root: string, purpose: Purpose): Promise<Recognised> {
  const found = await recognise(root, purpose);
  if (isLabelled(found)) return annotatedOf(found);
  const below = await recogniseBelow(root, purpose);
  const inside = below.find(isLabelled)?.spec;
  throw new UserError(
    "no-labels",
    inside === undefined
      ? `${root}: no labels found: expected a folder of label PNGs with the names of the images, such as ` +
          "labels/, or an export of a labelling tool."
      : `${root}: no labels found, but ${inside.root} has some (${inside.type}): name this folder.`,
  );
}

/** The set with `labelled: some` if only some of its images have a label. */
async function annotatedOf(found: Recognised): Promise<Recognised> {
  const own = { folder: { classes: "cityscapes" }, tool: { unlabelled: REST }, published: {} };
  const opens = async (spec: object) => {
    try {
      await openDataset({ ...spec, ...own[found.kind] });
      return true;
    } catch (error) {
      // Other problems are reported where they matter.
      return !(error instanceof UserError && error.code === "unpaired-files");
    }
  };
  const some = { ...found.spec, labelled: "some" };
  return (await opens(found.spec)) || !(await opens(some)) ? found : { ...found, spec: some };
}

const isLabelled = ({ spec }: Recognised): boolean =>
  spec.type !== "folder" || spec.labels !== undefined;

async function draftSource(root: string, questions: Questions, open: string[]): Promise<Source> {
  const found = await recogniseLabelled(root, "train");
  if (found.kind === "folder") {
    const { values, examples } = await valuesOf(found, "source", questions);
    const mapping = await nameValues(root, values, undefined, questions);
    note(open, "source.mapping", mapping, "name");
    const names = [...new Set(mapping.map(({ name }) => name))].filter((name) => name !== "ignore");
    if (names.length < 2) {
      throw new UserError(
        "no-labels",
        `${root}: ${values.files} label files contain ${names.length === 0 ? "no class" : "one class only"}, but ` +
          "training needs two: check that these are the label-id files.",
      );
    }
    const options = { classes: names, mapping: tableOf(mapping) };
    const { dataset, report } = await survey({ ...found.spec, ...options });
    const set = { found, spec: found.spec, mapping, counted: values.files, examples, report };
    return { set, classes: dataset.classes };
  }
  const { spec, unlabelledOpen } = await withUnlabelled(
    found,
    "source",
    undefined,
    questions,
    open,
  );
  const { dataset, report } = await survey(spec);
  return { set: { found, spec, unlabelledOpen, mapping: [], report }, classes: dataset.classes };
}

/** The images of the target, whatever its labels are. */
async function draftTarget(root: string, classes: ClassSet): Promise<DraftSet> {
  const found = await recognise(root, "train");
  const options = { classes: classes.names, labelled: false };
  if (found.kind === "folder") {
    const { labels, labelSuffix, ...images } = found.spec;
    // Labels in the folder of the images are recognised by their suffix.
    const mixed = labels === images.images ? { labels, labelSuffix } : {};
    const spec = { ...images, ...mixed, labelled: false };
    return { found, spec, mapping: [], report: (await survey({ ...spec, ...options })).report };
  }
  if (found.kind === "published") {
    const spec = { ...found.spec, labelled: false }; // with its split and conditions
    return { found, spec, mapping: [], report: (await survey({ ...spec, ...options })).report };
  }
  const own = await openDataset({ ...found.spec, unlabelled: REST, labelled: false });
  const folder = folderOf(own);
  const mixed = found.spec.type === "roboflow-mask" ? { labels: ".", labelSuffix: "_mask" } : {};
  const spec = { type: "folder", root: folder, images: ".", ...mixed, labelled: false };
  return { found, spec, mapping: [], report: (await survey({ ...spec, ...options })).report };
}

/** The folder that contains all images of a set. */
function folderOf(dataset: Dataset): string {
  const folders = dataset.names.map((_, index) =>
    dirname(dataset.files?.of(index).image as string),
  );
  let common = folders[0] as string;
  for (const folder of folders) {
    while (!`${folder}${sep}`.startsWith(`${common}${sep}`)) common = dirname(common);
  }
  return common;
}

async function draftEvaluation(
  root: string,
  source: Source,
  questions: Questions,
  open: string[],
): Promise<DraftSet> {
  const found = await recogniseLabelled(root, "evaluate");
  const { names } = source.classes;
  if (found.kind === "folder") {
    const { values, examples } = await valuesOf(found, "camera", questions);
    const mapping = await nameValues(root, values, source, questions);
    note(open, "evaluate.camera.mapping", mapping, "choose the class of");
    const options = { classes: names, mapping: tableOf(mapping) };
    const { report } = await survey({ ...found.spec, ...options });
    return { found, spec: found.spec, mapping, counted: values.files, examples, report };
  }
  const { spec, unlabelledOpen } = await withUnlabelled(
    found,
    "evaluate.camera",
    names,
    questions,
    open,
  );
  if (found.kind === "published") {
    const { report } = await survey({ ...spec, classes: names }).catch((error: unknown) => {
      if (!(error instanceof UserError) || error.code !== "unknown-name") throw error;
      open.push(`evaluate.camera: ${error.message}`);
      return survey(spec);
    });
    return { found, spec, mapping: [], report };
  }
  const mapping: MappingLine[] = [];
  const own = await openDataset({ ...spec, unlabelled: REST });
  for (const name of own.classes.names) {
    if (names.includes(name) || name === REST) continue;
    const answer = await questions.className({ set: root, value: name, choices: names });
    mapping.push({ key: name, name: answer ?? "ignore", open: answer === undefined });
  }
  note(open, "evaluate.camera.mapping", mapping, "choose the class of");
  const options = { classes: names, mapping: tableOf(mapping) };
  const { report } = await survey({ ...spec, ...options });
  return { found, spec, unlabelledOpen, mapping, report };
}

/** The options with `unlabelled`, if the format needs it. */
async function withUnlabelled(
  { kind, spec }: Recognised,
  key: string,
  classes: readonly string[] | undefined,
  questions: Questions,
  open: string[],
): Promise<Pick<DraftSet, "spec"> & { readonly unlabelledOpen: boolean }> {
  const opens = (options: object) =>
    openDataset({ ...spec, ...options }).then(
      () => undefined,
      (error: unknown) => {
        if (error instanceof UserError) return error;
        throw error;
      },
    );
  const fault = kind === "tool" ? await opens({}) : undefined;
  if (fault === undefined) return { spec, unlabelledOpen: false };
  if (fault.code !== "invalid-value") throw fault;
  const answer = await questions.unlabelled({ set: spec.root, classes: classes ?? ["background"] });
  if (answer !== undefined) return { spec: { ...spec, unlabelled: answer }, unlabelledOpen: false };
  open.push(`${key}.unlabelled: \`ignore\`, or the class of pixels without annotation`);
  // A single class can only be trained against the rest.
  const alone = classes === undefined && (await opens({ unlabelled: "ignore" })) !== undefined;
  return {
    spec: { ...spec, unlabelled: alone ? "background" : "ignore" },
    unlabelledOpen: true,
  };
}

async function valuesOf(
  { spec }: Recognised,
  set: "source" | "camera",
  questions: Questions,
): Promise<{ readonly values: LabelValues; readonly examples: string | undefined }> {
  const dataset = await openDataset({ ...spec, classes: ["a", "b"] });
  const values = await labelValues(dataset, READ);
  return { values, examples: await questions.examples?.(set, dataset, values) };
}

/** A line of the mapping for each value, with the names that are known or answered. */
async function nameValues(
  root: string,
  { key, values }: LabelValues,
  source: Source | undefined,
  questions: Questions,
): Promise<MappingLine[]> {
  const fromFile = await classNamesIn(root, key);
  const lines: MappingLine[] = [];
  // 255 is ignored by convention, but white in a mask is a class.
  const isMask = key === "id" && values.every(({ value }) => value === 0 || value === 255);
  for (const { value, share, images } of values) {
    const written = key === "color" ? hexColor(value) : String(value);
    const inSource = source?.set.mapping.find((line) => line.key === written && !line.open)?.name;
    const choices = source?.classes.names;
    const named = [fromFile.get(value), inSource].find(
      (name) =>
        name !== undefined && (choices === undefined || [...choices, "ignore"].includes(name)),
    );
    const isIgnored = key === "id" && value === 255 && !isMask;
    const known = named ?? (isIgnored ? "ignore" : undefined);
    const name =
      known ?? (await questions.className({ set: root, value: written, share, images, choices }));
    const placeholder = choices ? "ignore" : `class ${written.replace("#", "")}`;
    lines.push({ key: written, name: name ?? placeholder, share, open: name === undefined });
  }
  return lines;
}

const tableOf = (mapping: readonly MappingLine[]): Record<string, string> =>
  Object.fromEntries(mapping.map(({ key, name }) => [key, name]));

function note(open: string[], key: string, mapping: readonly MappingLine[], verb: string): void {
  const keys = mapping.filter((line) => line.open).map((line) => line.key);
  if (keys.length > 0) open.push(`${key}: ${verb} ${keys.join(", ")}`);
}

/** Opens a set and reads some of its samples. */
async function survey(spec: object): Promise<{ dataset: Dataset; report: DatasetReport }> {
  const dataset = await openDataset(spec);
  return { dataset, report: await checkDataset(dataset, { limit: READ }) };
}

/** A path as a preset has it: relative to the folder of data if it is inside. */
export function rootIn(data: string, path: string): string {
  const inside = relative(resolve(data), path);
  return inside !== "" && !inside.startsWith("..") ? inside : path;
}
