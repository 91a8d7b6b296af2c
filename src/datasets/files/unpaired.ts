import { extname } from "node:path";
import { UserError } from "../../errors.js";
import { compareNames, countAndName, filesBelow, imageExtensions } from "./find-files.js";
import type { Layout, Paths } from "./layout.js";
import { lastPart } from "./sample-names.js";

/**
 * Checks that every image has a label and every label an image.
 * @param allowed `listed`: the names are from a list, so labels of other images are allowed; `some`: images
 *   without a label are allowed, unless it is in a format that is not read
 * @throws UserError naming the images and labels without partner, and the likely reason
 */
export async function requirePartners(
  layout: Layout,
  names: readonly string[],
  images: Paths,
  labels: Paths,
  { listed, some }: { readonly listed: boolean; readonly some: boolean },
): Promise<void> {
  const alone = names.filter((name) => !labels.has(name));
  const spare = listed ? [] : [...labels.keys()].filter((name) => !images.has(name));
  if (alone.length === 0 && spare.length === 0) return;
  const faults = [
    alone.length > 0 ? `${countAndName(alone, "image")} without label` : "",
    spare.length > 0 ? `${countAndName(spare.sort(compareNames), "label")} without image` : "",
  ].filter((fault) => fault !== "");
  const reason = (await otherKinds(layout, alone, spare)) ?? suffixes(layout, alone, spare);
  if (some && spare.length === 0 && reason === undefined) return;
  const advice =
    reason ??
    (spare.length === 0
      ? "complete the set, or set `labelled: some` to use the others, or `labelled: false`"
      : "complete the set, write the samples to use to a `list`, or set `labelled: false`");
  throw new UserError(
    "unpaired-files",
    `${layout.root}: ${faults.join(" and ")}, of ${images.size} images and ${labels.size} ` +
      `${layout.annotations ? "annotated" : "labels (PNG)"}: ${advice}.`,
  );
}

/** Advice if the missing partners exist in a format that is not read. */
async function otherKinds(
  { folders, imageSuffix, labelSuffix }: Layout,
  alone: readonly string[],
  spare: readonly string[],
): Promise<string | undefined> {
  const labelFolders = folders.flatMap(({ labels }) => (labels ? [labels] : []));
  const label = await kindOf(alone, labelFolders, [".png"], labelSuffix);
  if (label) {
    return `their labels are ${label} files: export them again as PNG (JPEG changes ids)`;
  }
  const imageFolders = folders.map(({ images }) => images);
  const image = await kindOf(spare, imageFolders, imageExtensions, imageSuffix);
  return image && `their images are ${image} files: convert them to PNG, JPEG or WebP`;
}

/** The extension of a file that has one of these names, but none of these extensions. */
async function kindOf(
  names: readonly string[],
  folders: readonly string[],
  extensions: readonly string[],
  suffix = "",
): Promise<string | undefined> {
  const wanted = new Set(names.map((name) => lastPart(name) + suffix));
  for (const folder of folders) {
    for (const file of await filesBelow(folder)) {
      const extension = extname(file).toLowerCase();
      if (extensions.includes(extension)) continue;
      const stem = lastPart(file.normalize("NFC")).slice(0, -extension.length || undefined);
      if (wanted.has(stem)) return extension === "" ? "unknown" : extension;
    }
  }
  return undefined;
}

/** Advice if most names match with suffixes, such as _image and _label. */
function suffixes(
  { imageSuffix = "", labelSuffix = "" }: Layout,
  alone: readonly string[],
  spare: readonly string[],
): string | undefined {
  const [image] = alone;
  if (image === undefined) return undefined;
  const shared = (label: string) => {
    let length = 0;
    while (length < label.length && label[length] === image[length]) length++;
    return length;
  };
  const [nearest] = [...spare].sort((a, b) => shared(b) - shared(a) || a.length - b.length);
  if (nearest === undefined) return undefined;
  let length = shared(nearest);
  while (/[_.-]/.test(image[length - 1] ?? "")) length--; // 0001_rgb and 0001_ids share the "_"
  const [ofImage, ofLabel] = [image.slice(length), nearest.slice(length)];
  const stems = new Set(spare.map((label) => withoutSuffix(label, ofLabel)));
  const matching = alone.filter((name) => {
    const stem = withoutSuffix(name, ofImage);
    return stem !== undefined && stems.has(stem);
  });
  if (length === 0 || matching.length < alone.length / 2) return undefined;
  return (
    "their names match with " +
    [
      ["imageSuffix", ofImage + imageSuffix],
      ["labelSuffix", ofLabel + labelSuffix],
    ]
      .filter(([, suffix]) => suffix !== "")
      .map(([key, suffix]) => `\`${key}: ${suffix}\``)
      .join(" and ") +
    " (keys of `type: folder`)"
  );
}

const withoutSuffix = (name: string, suffix: string): string | undefined =>
  name.endsWith(suffix) ? name.slice(0, name.length - suffix.length) : undefined;
