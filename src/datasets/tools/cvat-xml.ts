import { XMLParser } from "fast-xml-parser";
import { z } from "zod";
import { UserError } from "../../errors.js";
import { whyUnreadable } from "../files/regular-file.js";
import type { ExportClass } from "./export-labelling.js";
import { findExport, findImages } from "./find-export.js";
import { matchImages } from "./match-images.js";
import { ellipse, polygon, rectangle } from "./polygon.js";
import { damaged, readText } from "./read-json.js";
import { drawnAnnotation, type Paint, type Region, UNLABELLED, valuesIn } from "./regions.js";
import { runs } from "./runs.js";
import { toolExport } from "./tool-export.js";

interface Own {
  readonly annotations?: string | undefined;
  readonly images?: string | undefined;
}

/** An XML element. */
interface Element {
  readonly tag: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly Element[];
  readonly text: string;
}

/** CVAT's "CVAT for images 1.1": annotations.xml, and images in images/ if they are exported, too. */
export const cvatXml = toolExport<Own>(
  "cvat-xml",
  {
    /** The XML file; the only one by default. */
    annotations: z.string().optional(),
    /** Folder of the images; images/ if it exists, else the root. */
    images: z.string().optional(),
  },
  async (options) => {
    const { root } = options;
    const expected = 'annotations.xml and images/, an export as "CVAT for images 1.1"';
    const path = await findExport(root, {
      given: options.annotations,
      key: "annotations",
      folders: ["."],
      extensions: [".xml"],
      expected,
    });
    const top = await readXml(path);
    requireVersion(top, path);
    const classes = classesOf(top);
    const indexOf = new Map(classes.map(({ name, value }) => [name, value]));
    const found = childrenOf(top, "image").map((image) => ({
      name: image.attributes.name ?? "",
      size: { width: numberIn(image, "width", path), height: numberIn(image, "height", path) },
      regions: regionsOf(image, indexOf, path),
    }));
    return {
      layout: {
        root,
        expected,
        folders: [
          { images: await findImages(root, options.images, ["images", "."], found[0]?.name) },
        ],
        annotations: (images, listed) =>
          matchImages(
            images,
            found.map(({ name, size, regions }) => ({
              names: [name],
              annotation: drawnAnnotation(path, size, regions),
            })),
            listed,
          ),
      },
      classes: {
        path,
        key: "id",
        classes,
        unlabelled: UNLABELLED,
        used: valuesIn(found.map(({ regions }) => regions)),
      },
      beside: [path],
    };
  },
);

async function readXml(path: string): Promise<Element> {
  const parser = new XMLParser({
    preserveOrder: true, // shapes of all kinds cover each other in the order of the file
    ignoreAttributes: false,
    attributeNamePrefix: "",
    parseTagValue: false,
    parseAttributeValue: false,
    htmlEntities: true, // numeric ones, too
  });
  const text = await readText(path);
  try {
    const nodes = elementsOf(parser.parse(text, true));
    const top = nodes.find(({ tag }) => tag === "annotations");
    if (top) return top;
  } catch (error) {
    throw new UserError(
      "damaged-file",
      `${path}: this is not valid XML (${whyUnreadable(error)}): export it again.`,
      { cause: error },
    );
  }
  throw new UserError(
    "unsupported-file",
    `${path}: expected <annotations>, as in an export as "CVAT for images 1.1".`,
  );
}

type Node = Readonly<Record<string, unknown>>;

/** The elements in what the parser returns: `{ tag: children, ":@": attributes }`. */
const elementsOf = (nodes: readonly Node[]): Element[] =>
  nodes.flatMap((node) => {
    const tag = Object.keys(node).find((key) => key !== ":@" && key !== "#text");
    if (tag === undefined) return [];
    const inner = node[tag] as readonly Node[];
    const text = inner.map((child) => child["#text"] ?? "").join("");
    const attributes = (node[":@"] ?? {}) as Element["attributes"];
    return [{ tag, attributes, children: elementsOf(inner), text }];
  });

const childrenOf = ({ children }: Element, tag: string): Element[] =>
  children.filter((child) => child.tag === tag);

/** All elements of a tag below an element. */
const below = (element: Element, tag: string): Element[] =>
  element.children.flatMap((child) => (child.tag === tag ? [child] : below(child, tag)));

function requireVersion(top: Element, path: string): void {
  const version = childrenOf(top, "version")[0]?.text.trim();
  if (version !== "1.1") {
    throw new UserError(
      "unsupported-file",
      `${path}: its version is ${version ?? "missing"}, but 1.1 is expected: export as "CVAT for images 1.1".`,
    );
  }
  if (childrenOf(top, "track").length === 0) return;
  throw new UserError(
    "unsupported-file",
    `${path}: it is an export as "CVAT for video": export as "CVAT for images 1.1".`,
  );
}

/** Marks that concern the whole image. */
const WITHOUT_AREA = ["tag"];

/** The labels of the task, project or job, without those of whole images. */
function classesOf(top: Element): ExportClass[] {
  const textIn = (label: Element, tag: string) => childrenOf(label, tag)[0]?.text.trim() ?? "";
  const labels = below(top, "labels")
    .flatMap((labels) => childrenOf(labels, "label"))
    .filter((label) => !WITHOUT_AREA.includes(textIn(label, "type")));
  const names = labels.map((label) => textIn(label, "name"));
  const colors = labels.map((label) => textIn(label, "color"));
  return [...new Set(names)].map((name, value) => {
    const [, hex] = /^#([0-9a-f]{6})$/i.exec(colors[names.indexOf(name)] ?? "") ?? [];
    if (hex === undefined) return { name, value };
    const rgb = Number.parseInt(hex, 16);
    return { name, value, color: [rgb >> 16, (rgb >> 8) & 255, rgb & 255] };
  });
}

function numberIn({ tag, attributes }: Element, name: string, where: string): number {
  const text = attributes[name] ?? "";
  const number = Number(text);
  if (text !== "" && Number.isFinite(number)) return number;
  throw new UserError(
    "unsupported-file",
    `${where}: <${tag}> has ${name}="${text}", which is not a number: export it again.`,
  );
}

/** The shapes of an image, from the lowest `z_order` to the highest, else in the order of the file. */
function regionsOf(
  image: Element,
  indexOf: ReadonlyMap<string, number>,
  path: string,
): readonly Region[] {
  const shapes = image.children.filter(({ tag }) => !WITHOUT_AREA.includes(tag));
  const order = (shape: Element) => Number(shape.attributes.z_order ?? 0);
  return shapes
    .sort((a, b) => order(a) - order(b))
    .map((shape) => {
      const { label = "" } = shape.attributes;
      const where = `${path}: <${shape.tag}> of ${image.attributes.name}`;
      const value = indexOf.get(label);
      if (value !== undefined) return { value, paint: paintOf(shape, where) };
      throw new UserError(
        "class-mismatch",
        `${where}: "${label}" is not one of the labels in <meta> (${[...indexOf.keys()].join(", ")}): ` +
          "export it again.",
      );
    });
}

function paintOf(shape: Element, where: string): Paint {
  const number = (name: string) => numberIn(shape, name, where);
  const rotation = shape.attributes.rotation === undefined ? 0 : number("rotation");
  switch (shape.tag) {
    case "polygon":
      return polygon([pointsIn(shape, where)]);
    case "box": {
      const [left, top] = [number("xtl"), number("ytl")];
      return rectangle({ left, top, right: number("xbr"), bottom: number("ybr") }, rotation);
    }
    case "ellipse": {
      const [x, y] = [number("cx"), number("cy")];
      return ellipse({ x, y, rx: number("rx"), ry: number("ry") }, rotation);
    }
    case "mask": {
      const counts = (shape.attributes.rle ?? "").split(",").map(Number);
      const [left, top] = [number("left"), number("top")];
      const box = { left, top, width: number("width"), height: number("height") };
      return damaged(where, () => runs(counts, box, "rows"));
    }
    default:
      throw new UserError(
        "unsupported-file",
        `${where}: ${shape.tag} has no area: replace it by a polygon or mask, or remove it.`,
      );
  }
}

/** "x,y;x,y" as [x, y, x, y]. */
function pointsIn({ attributes }: Element, where: string): number[] {
  const numbers = (attributes.points ?? "").split(/[;,]/).map(Number);
  if (numbers.length % 2 === 0 && numbers.every(Number.isFinite)) return numbers;
  throw new UserError(
    "damaged-file",
    `${where}: its points are not pairs of numbers: export it again.`,
  );
}
