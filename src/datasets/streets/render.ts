import sharp from "sharp";
import type { Color, Size } from "../dataset.js";
import { CANVAS } from "./camera.js";
import { css } from "./color.js";
import type { Mark } from "./drawing.js";
import type { Scene } from "./scene.js";
import { exposeImage } from "./sensor.js";
import { grainImage } from "./texture.js";

/** How to paint a scene: as an image, by train id as grey, or with a colour for each class. */
export type Paint = "image" | "labels" | readonly Color[];

/**
 * The scene as SVG. "image" has paint and gradients. "labels" has each object in its train id as grey,
 * without anti-aliasing. A list of colours draws only objects, in the colour of their class, anti-aliased
 * as the image: tests compare the labels with it.
 */
export function sceneSvg(scene: Scene, size: Size, paint: Paint): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${size.width}" height="${size.height}">${view(scene, size, paint, 0)}</svg>`;
}

/** Image above, labels below: one document is faster than two. */
function bothSvg(scene: Scene, size: Size): string {
  const views = view(scene, size, "image", 0) + view(scene, size, "labels", size.height);
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${size.width}" height="${2 * size.height}">${views}</svg>`;
}

function view(scene: Scene, size: Size, paint: Paint, y: number): string {
  const { width, height } = CANVAS;
  const defs = paint === "image" ? `<defs>${scene.defs.join("")}</defs>` : "";
  const edges = paint === "labels" ? ' shape-rendering="crispEdges"' : "";
  const viewport = `y="${y}" width="${size.width}" height="${size.height}"`;
  const box = `viewBox="0 0 ${width} ${height}" preserveAspectRatio="xMidYMid slice"`;
  return `<svg ${viewport} ${box}${edges}>${defs}${paths(scene, paint)}</svg>`;
}

/** One element per run of marks with the same look, which is faster than one per mark. */
function paths(scene: Scene, paint: Paint): string {
  const parts: string[] = [];
  let [style, path] = ["", ""];
  const flush = () => {
    if (path !== "") parts.push(`<path ${style} d="${path}"/>`);
  };
  for (const mark of scene.marks) {
    const next = styleOf(mark, paint);
    if (next === undefined) continue;
    // Without anti-aliasing, the renderer closes gaps of one pixel within a path: keep objects apart.
    if (next === style && paint !== "labels") path += mark.path;
    else {
      flush();
      [style, path] = [next, mark.path];
    }
  }
  flush();
  return parts.join("");
}

function styleOf(mark: Mark, paint: Paint): string | undefined {
  if (paint === "image") {
    const opacity = mark.opacity < 1 ? ` fill-opacity="${mark.opacity.toFixed(2)}"` : "";
    return `fill="${mark.fill}"${opacity}`;
  }
  if (mark.label === undefined) return undefined;
  const grey: Color = [mark.label, mark.label, mark.label];
  return `fill="${css(paint === "labels" ? grey : (paint[mark.label] ?? grey))}"`;
}

/** Pixels of one rendering. */
export interface Rendering {
  /** RGB, [height * width * 3]. */
  readonly image: Uint8Array;
  /** Train ids, [height * width]. */
  readonly label: Uint8Array;
}

/** Renders image and label map of a scene; other ratios than 2:1 show a part of it. */
export async function renderScene(scene: Scene, size: Size): Promise<Rendering> {
  const pixels = await rasterize(bothSvg(scene, size));
  const area = size.width * size.height;
  const colors = pixels.subarray(0, 3 * area);
  const label = new Uint8Array(area);
  for (let i = 0; i < area; i++) label[i] = pixels[3 * (area + i)] as number;
  grainImage(colors, label, size, scene);
  const image = await exposeImage(colors, size, scene);
  return { image, label };
}

/** RGB pixels of an SVG at its own size. */
export async function rasterize(svg: string): Promise<Uint8Array> {
  // 72 dpi is one SVG unit per pixel. Long paths are safe here, since we wrote the SVG.
  const pixels = sharp(Buffer.from(svg), { density: 72, unlimited: true }).removeAlpha().raw();
  return new Uint8Array(await pixels.toBuffer());
}
