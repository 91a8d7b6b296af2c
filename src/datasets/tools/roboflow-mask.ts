import { join } from "node:path";
import { z } from "zod";
import { UserError } from "../../errors.js";
import { isFile } from "../../regular-file.js";
import { requireFolder } from "../files/find-files.js";
import type { ExportClass } from "./export-labelling.js";
import { requireUnpacked } from "./find-export.js";
import { readText } from "./read-json.js";
import { toolExport } from "./tool-export.js";

/**
 * Roboflow's "Semantic Segmentation Masks": train/ with a.jpg, a_mask.png and _classes.csv, which has the
 * name of each pixel value. 0 is the background.
 */
export const roboflowMask = toolExport<{ readonly split?: string | undefined }>(
  "roboflow-mask",
  {
    /** Folder below the root; the root itself if it has a _classes.csv, else `train`. */
    split: z.enum(["train", "valid", "test"]).optional(),
  },
  async ({ root, split }) => {
    const expected = "train/_classes.csv, train/a.jpg, train/a_mask.png, as Roboflow exports masks";
    await requireFolder(root, expected);
    const inRoot = split === undefined && isFile(join(root, "_classes.csv"));
    const folder = inRoot ? root : join(root, split ?? "train");
    const path = join(folder, "_classes.csv");
    if (!isFile(path)) {
      await requireUnpacked(root);
      throw new UserError(
        "dataset-layout",
        `${path} does not exist: expected ${expected}; check \`root\` and \`split\`.`,
      );
    }
    const classes = classesOf(path, await readText(path));
    return {
      layout: {
        root,
        expected,
        folders: [{ images: folder, labels: folder }],
        labelSuffix: "_mask",
      },
      classes: { path, key: "id", classes, unlabelled: 0 },
      beside: [path],
    };
  },
);

function classesOf(path: string, text: string): ExportClass[] {
  const [, ...lines] = text.split(/\r?\n/).filter((line) => line.trim() !== "");
  return lines.map((line) => {
    const [, value, name] = /^\s*"?(\d+)"?\s*,\s*(.*?)\s*$/.exec(line) ?? [];
    if (value === undefined || !name) {
      throw new UserError(
        "unsupported-file",
        `${path}: expected lines such as "1, car" below "Pixel Value, Class", found ${line.trim()}.`,
      );
    }
    return { value: Number(value), name: name.replace(/^"(.*)"$/, "$1").replaceAll('""', '"') };
  });
}
