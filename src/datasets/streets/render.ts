import sharp from "sharp";
import type { Color, Size } from "../dataset.js";
import { CANVAS } from "./camera.js";
import { css } from "./color.js";
import type { Scene } from "./scene.js";
import { exposeImage } from "./sensor.js";
import { grainImage } from "./texture.js";

/**
 * The scene as SVG: "image" with paint and gradients, "labels" with each thing in its train id as
 * grey and no anti-aliasing. A list of colours instead draws the things, and only them, in the
 * colour of their class, anti-aliased as the image is: what the labels are checked against.
 */
export function sceneSvg(
  scene: Scene,
  size: Size,
  paint: "image" | "labels" | readonly Color[],
): string {
  const { width, height } = CANVAS;
  const parts: string[] = [];
  for (const mark of scene.marks) {
    if (paint === "image") {
      const opacity = mark.opacity < 1 ? ` fill-opacity="${mark.opacity.toFixed(2)}"` : "";
      parts.push(`<path d="${mark.path}" fill="${mark.fill}"${opacity}/>`);
    } else if (mark.label !== undefined) {
      const grey: Color = [mark.label, mark.label, mark.label];
      const color = paint === "labels" ? grey : (paint[mark.label] ?? grey);
      parts.push(`<path d="${mark.path}" fill="${css(color)}"/>`);
    }
  }
  const defs = paint === "image" ? `<defs>${scene.defs.join("")}</defs>` : "";
  const edges = paint === "labels" ? ' shape-rendering="crispEdges"' : "";
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${size.width}" height="${size.height}" viewBox="0 0 ${width} ${height}" preserveAspectRatio="xMidYMid slice"${edges}>${defs}${parts.join("")}</svg>`;
}

/** Pixels of one rendering. */
export interface Rendering {
  /** RGB, [height * width * 3]. */
  readonly image: Uint8Array;
  /** Train ids, [height * width]. */
  readonly label: Uint8Array;
}

/** Renders image and label map of a scene; sizes other than 2:1 show a cut-out. */
export async function renderScene(scene: Scene, size: Size): Promise<Rendering> {
  const [colors, greys] = await Promise.all([
    rasterize(sceneSvg(scene, size, "image")),
    rasterize(sceneSvg(scene, size, "labels")),
  ]);
  const label = new Uint8Array(size.width * size.height);
  for (let i = 0; i < label.length; i++) label[i] = greys[3 * i] as number;
  grainImage(colors, label, size, scene);
  const image = await exposeImage(colors, size, scene);
  return { image, label };
}

/** RGB pixels of an SVG at its own size. */
export async function rasterize(svg: string): Promise<Uint8Array> {
  // 72 dpi is one SVG unit per pixel; long paths are no danger in text of our own making.
  const pixels = sharp(Buffer.from(svg), { density: 72, unlimited: true }).removeAlpha().raw();
  return new Uint8Array(await pixels.toBuffer());
}
