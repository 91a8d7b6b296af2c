import { z } from "zod";
import { UserError } from "../../errors.js";
import { compareNames } from "../files/find-files.js";
import { brush } from "./brush.js";
import { findExport, findImages } from "./find-export.js";
import { type AnnotatedImage, matchImages } from "./match-images.js";
import { ellipse, polygon } from "./polygon.js";
import {
  damaged,
  isTable,
  listOf,
  numberOf,
  numbersOf,
  pointsOf,
  readJson,
  type Table,
  tableOf,
} from "./read-json.js";
import { drawnAnnotation, type Paint, type Region, UNLABELLED } from "./regions.js";
import { toolExport } from "./tool-export.js";

interface Own {
  readonly annotations?: string | undefined;
  readonly images?: string | undefined;
}

/** A region with the name of its class. */
interface Labelled {
  readonly label: string;
  readonly paint: Paint;
}

/** An annotated task. */
interface Task {
  readonly names: readonly string[];
  readonly size: { readonly width: number; readonly height: number } | undefined;
  readonly regions: readonly Labelled[];
}

/**
 * Label Studio's JSON export: polygons, brush masks, rectangles and ellipses. Tasks without annotation are
 * left out. The classes are the labels that occur, in alphabetical order.
 */
export const labelStudio = toolExport<Own>(
  "label-studio",
  {
    /** The JSON file; the only one by default. */
    annotations: z.string().optional(),
    /** Folder of the images; images/ if it exists, else the root. */
    images: z.string().optional(),
  },
  async (options) => {
    const { root } = options;
    const expected = "a JSON export of Label Studio and its images";
    const path = await findExport(root, {
      given: options.annotations,
      key: "annotations",
      folders: ["."],
      extensions: [".json"],
      expected,
    });
    const tasks = tasksOf(await readJson(path), path);
    const names = [...new Set(tasks.flatMap(({ regions }) => regions.map(({ label }) => label)))];
    names.sort(compareNames);
    const annotated = tasks.map(({ names: images, size, regions }): AnnotatedImage => {
      const drawn = regions.map(
        ({ label, paint }): Region => ({ value: names.indexOf(label), paint }),
      );
      return { names: images, annotation: drawnAnnotation(path, size, drawn) };
    });
    return {
      layout: {
        root,
        expected,
        folders: [{ images: await findImages(root, options.images, ["images", "."], undefined) }],
        annotations: (images, listed) => matchImages(images, annotated, listed),
      },
      classes: {
        path,
        key: "id",
        classes: names.map((name, value) => ({ name, value })),
        unlabelled: UNLABELLED,
        used: new Set(names.keys()),
      },
      beside: [path],
    };
  },
);

function tasksOf(file: unknown, path: string): Task[] {
  const tasks = Array.isArray(file) ? file : [];
  if (!Array.isArray(file) || tasks.some((task) => !isTable(task) || !isTable(task.data))) {
    throw new UserError(
      "unsupported-file",
      `${path}: expected a list of tasks with \`data\`: export as "JSON", not "JSON-MIN".`,
    );
  }
  return tasks.flatMap((task: Table, index) => taskOf(task, `${path}: task ${task.id ?? index}`));
}

function taskOf(task: Table, where: string): Task[] {
  if (!("annotations" in task) && "completions" in task) {
    throw new UserError(
      "unsupported-file",
      `${where}: it has \`completions\` of Label Studio before 1.0: export with a newer version.`,
    );
  }
  const finished = listOf(task.annotations, `${where}: annotations`)
    .map((annotation) => tableOf(annotation, `${where}: annotations`))
    .filter((annotation) => annotation.was_cancelled !== true);
  const truth = finished.filter((annotation) => annotation.ground_truth === true);
  const [annotation, ...others] = truth.length > 0 ? truth : finished;
  if (annotation === undefined) return [];
  if (others.length > 0) {
    throw new UserError(
      "unsupported-file",
      `${where}: it has ${others.length + 1} annotations: mark the one to use as ground truth, or remove the others.`,
    );
  }
  const results = listOf(annotation.result, `${where}: result`).map((result) =>
    tableOf(result, `${where}: result`),
  );
  const regions = results.flatMap((result) => regionOf(result, where));
  const [sized] = results.filter((result) => typeof result.original_width === "number");
  return [{ names: namesOf(task, where), size: sized && sizeOf(sized, where), regions }];
}

const sizeOf = (result: Table, where: string) => ({
  width: numberOf(result.original_width, `${where}: original_width`),
  height: numberOf(result.original_height, `${where}: original_height`),
});

/**
 * The names that the image of a task may have: a URL or path, with percent escapes; local files are in the
 * query (`?d=`), and uploads have eight digits before their name.
 */
function namesOf(task: Table, where: string): string[] {
  const values = Object.values(task.data as Table).filter((value) => typeof value === "string");
  const image = values.find((value) => IMAGE.test(decoded(value)));
  if (image === undefined) {
    throw new UserError(
      "unsupported-file",
      `${where}: \`data\` does not name a PNG, JPEG or WebP image.`,
    );
  }
  const [url = "", query = ""] = image.split("?");
  const local = /(?:^|&)d=([^&]*)/.exec(query)?.[1];
  const path = decoded(local ?? url).replace(/^[a-z0-9+]+:\/\/[^/]*\//i, "");
  return [path, path.replace(/(^|\/)[0-9a-f]{8}-([^/]*)$/, "$1$2")];
}

const IMAGE = /\.(png|jpe?g|webp)(\?|$)/i;

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // a percent sign in a name
  }
}

/** The region of a result, for each of its labels; none for choices, texts and relations. */
function regionOf(result: Table, where: string): Labelled[] {
  const { type, value } = result;
  if (typeof type !== "string" || !type.endsWith("labels") || !isTable(value)) return [];
  const labels = listOf(value[type] ?? [], `${where}: ${type}`);
  if (labels.length === 0) return [];
  if (result.image_rotation !== undefined && result.image_rotation !== 0) {
    throw new UserError(
      "not-supported",
      `${where}: the image was turned in Label Studio by ${result.image_rotation} degrees: turn the file instead.`,
    );
  }
  const paint = paintOf(value, sizeOf(result, where), `${where}: ${type}`);
  return labels.map((label) => ({ label: String(label), paint }));
}

/** Coordinates are percent of the width and the height. */
function paintOf(value: Table, size: { width: number; height: number }, where: string): Paint {
  const number = (key: string) => numberOf(value[key], `${where}.${key}`);
  const across = (key: string) => (number(key) * size.width) / 100;
  const down = (key: string) => (number(key) * size.height) / 100;
  const rotation = value.rotation === undefined ? 0 : number("rotation");
  if ("rle" in value) {
    const code = Uint8Array.from(numbersOf(value.rle, `${where}.rle`));
    return damaged(where, () => brush(code, size));
  }
  if ("points" in value) {
    const points = pointsOf(value.points, `${where}.points`);
    const scale = [size.width / 100, size.height / 100];
    return polygon([points.map((percent, i) => percent * (scale[i % 2] as number))]);
  }
  if ("radiusX" in value) {
    const [x, y] = [across("x"), down("y")];
    return ellipse({ x, y, rx: across("radiusX"), ry: down("radiusY") }, rotation);
  }
  const [left, top, width, height] = [across("x"), down("y"), across("width"), down("height")];
  if (width > 0 && height > 0 && "height" in value) {
    return polygon([turnedAbout(left, top, width, height, rotation)]);
  }
  throw new UserError(
    "unsupported-file",
    `${where}: it has no area: replace it by a polygon or brush mask, or remove it.`,
  );
}

/** Label Studio turns rectangles about their upper left corner. */
function turnedAbout(x: number, y: number, width: number, height: number, degrees: number) {
  const [sin, cos] = [Math.sin((degrees * Math.PI) / 180), Math.cos((degrees * Math.PI) / 180)];
  return [
    [0, 0],
    [width, 0],
    [width, height],
    [0, height],
  ].flatMap(([u = 0, v = 0]) => [x + u * cos - v * sin, y + u * sin + v * cos]);
}
