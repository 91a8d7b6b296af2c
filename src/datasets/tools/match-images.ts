import { extname } from "node:path";
import { UserError } from "../../errors.js";
import { countAndName, imageExtensions } from "../files/find-files.js";
import type { Annotation, Paths } from "../files/layout.js";
import { lastPart } from "../files/sample-names.js";

/** An annotated image, by the names that it may have. */
export interface AnnotatedImage {
  /** Paths or URLs as the tool writes them, the most exact first. */
  readonly names: readonly string[];
  readonly annotation: Annotation;
}

/**
 * Annotations by sample name. The path of an image in an annotation file may have more or fewer folders than
 * that in the folder of images, other separators, and another extension.
 * @param listed whether the samples are listed: then annotations of other images are allowed
 * @throws UserError for annotations of missing images, of several images, and for two of one image
 */
export function matchImages(
  images: Paths,
  annotated: readonly AnnotatedImage[],
  listed: boolean,
): ReadonlyMap<string, Annotation> {
  const find = imageFinder(images);
  const found = new Map<string, Annotation>();
  const missing: string[] = [];
  let where = "";
  for (const { names, annotation } of annotated) {
    const [entry = ""] = names;
    const matches = names.map(find).find(({ length }) => length > 0) ?? [];
    const [name] = matches;
    if (name === undefined) {
      if (missing.length === 0) where = annotation.path;
      missing.push(entry);
    } else if (matches.length > 1) {
      throw new UserError(
        "unpaired-files",
        `${annotation.path}: ${entry} is the name of ${matches.length} images ` +
          `(${matches.slice(0, 3).join(", ")}): give them different names.`,
      );
    } else if (found.has(name)) {
      throw new UserError(
        "unpaired-files",
        `${annotation.path}: ${entry} is annotated twice, also in ${found.get(name)?.path}: ` +
          "remove one of them.",
      );
    } else found.set(name, annotation);
  }
  if (missing.length === 0 || listed) return found;
  throw new UserError(
    "unpaired-files",
    `${where}: ${countAndName(missing, "annotated image")} not found among ${images.size} images: ` +
      "add them, set `images` to their folder, or write the samples to use to a `list`.",
  );
}

/** Returns the samples whose path ends with a name, or the reverse; only the exact one if there is one. */
function imageFinder(images: Paths): (entry: string) => string[] {
  const byLastPart = new Map<string, string[]>();
  for (const name of images.keys()) {
    const alike = byLastPart.get(lastPart(name));
    if (alike) alike.push(name);
    else byLastPart.set(lastPart(name), [name]);
  }
  return (entry) => {
    const path = entry
      .normalize("NFC")
      .replaceAll("\\", "/")
      .replace(/^(\.\/)+/, "");
    const extension = extname(path);
    const isImage = (imageExtensions as readonly string[]).includes(extension.toLowerCase());
    const stem = isImage ? path.slice(0, -extension.length) : path;
    if (images.has(stem)) return [stem];
    return (byLastPart.get(lastPart(stem)) ?? []).filter(
      (name) => `/${stem}`.endsWith(`/${name}`) || `/${name}`.endsWith(`/${stem}`),
    );
  };
}
