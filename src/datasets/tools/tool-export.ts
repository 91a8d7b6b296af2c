import { z } from "zod";
import { UserError } from "../../errors.js";
import { classSetOf } from "../class-sets.js";
import { type DatasetType, openFiles } from "../files/file-dataset.js";
import { commonOptions, pickClasses } from "../files/labelling.js";
import type { Layout, Selection } from "../files/layout.js";
import { type ExportClasses, type ExportOptions, exportLabelling } from "./export-labelling.js";

/** What is read once from the files of an export. */
export interface Export {
  readonly layout: Layout;
  readonly classes: ExportClasses;
  /** The list of its samples, unless the configuration has one. */
  readonly list?: string | undefined;
  /** Files that reading it needs, apart from images and labels. */
  readonly beside: readonly string[];
}

/** The options that all exports share, with those of the format itself. */
export type ToolOptions<Own = unknown> = Own & Selection & ExportOptions;

/** The kind of data set of a labelling tool's format; `type` is its name in configurations. */
export function toolExport<Own = unknown>(
  type: string,
  own: z.ZodRawShape,
  read: (options: ToolOptions<Own>) => Promise<Export>,
): DatasetType {
  return {
    schema: z.strictObject({
      type: z.literal(type),
      ...own,
      ...commonOptions,
      /** The class of pixels without annotation, or "ignore". */
      unlabelled: z.string().optional(),
    }),
    classes({ classes }: ToolOptions<Own>) {
      if (classes !== undefined) return pickClasses(classes, classSetOf([]));
      throw new UserError(
        "invalid-value",
        `classes: missing; the names in an export of type ${type} are in its files, which are not read here: ` +
          "list them in the configuration",
      );
    },
    async open(options: ToolOptions<Own>) {
      const { layout, classes, list, beside } = await read(options);
      const labelling = await exportLabelling(classes, options);
      const selection = { ...options, list: options.list ?? list };
      return openFiles(type, layout, selection, labelling, beside);
    },
  };
}
