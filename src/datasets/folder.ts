import { join } from "node:path";
import { z } from "zod";
import { classSetOf } from "./class-sets.js";
import type { ClassSet, Dataset } from "./dataset.js";
import { classesSchema } from "./files/classes-option.js";
import { type DatasetType, openFiles } from "./files/file-dataset.js";
import { identityMap } from "./files/label-maps.js";
import { commonOptions, pickClasses, resolveMapping } from "./files/labelling.js";

/**
 * Options of any other data set: a folder of images and a folder of label PNGs with the same names, with
 * or without sub-folders. Without `mapping`, label values are class numbers and 255 is ignored.
 */
const schema = z.strictObject({
  type: z.literal("folder"),
  ...commonOptions,
  classes: classesSchema,
  /** Folder of the images below root. */
  images: z.string().default("images"),
  /** Folder of the labels below root; if it is configured, it must exist. */
  labels: z.string().default("labels"),
  /** Suffix of image names before the extension, such as _rgb, that label names do not have. */
  imageSuffix: z.string().optional(),
  /** Suffix of label names before the extension, such as _labelIds. */
  labelSuffix: z.string().optional(),
});

const classesIn = ({ classes }: Pick<z.infer<typeof schema>, "classes">): ClassSet =>
  pickClasses(classes, classSetOf([]));

/** Any folder of images, with or without labels. */
export const folder: DatasetType = { schema, classes: classesIn, open: openFolder };

async function openFolder(options: z.infer<typeof schema>): Promise<Dataset> {
  const { root, images, labels, mapping, imageSuffix, labelSuffix } = options;
  const layout = {
    root,
    expected: `${images}/ with images and ${labels}/ with label PNGs of the same names`,
    folders: [{ images: join(root, images), labels: join(root, labels) }],
    imageSuffix,
    labelSuffix,
  };
  const classes = classesIn(options);
  if (mapping !== undefined) {
    return openFiles("folder", layout, options, {
      classes,
      map: await resolveMapping(mapping, classes, root),
    });
  }
  const map = identityMap(classes.names.length, "error");
  return openFiles("folder", layout, options, { classes, map, coding: "class numbers" });
}
