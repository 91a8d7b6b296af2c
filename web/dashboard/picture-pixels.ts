import { idsOfColors, type LabelMap } from "../../src/report/change-map.js";

/** Decoded pictures in memory; the one that was not used for longest goes first. */
const MOST = 40;
const pictures = new Map<string, Promise<ImageData>>();

/** The pixels of a picture of a run. @throws Error if it cannot be loaded */
export function pixelsOf(address: string): Promise<ImageData> {
  const found = pictures.get(address) ?? load(address);
  pictures.delete(address); // to the end: used last
  pictures.set(address, found);
  for (const old of pictures.keys()) if (pictures.size > MOST) pictures.delete(old);
  found.catch(() => pictures.delete(address));
  return found;
}

/** The labels in a picture in the colours of the classes. */
export async function labelsIn(
  address: string,
  colors: readonly (readonly number[])[],
): Promise<LabelMap> {
  const { data, width, height } = await pixelsOf(address);
  return { ids: idsOfColors(data, 4, colors), width, height };
}

async function load(address: string): Promise<ImageData> {
  const response = await fetch(address);
  if (!response.ok) throw new Error("the picture cannot be loaded");
  // Exact colours: they stand for classes.
  const options = { colorSpaceConversion: "none", premultiplyAlpha: "none" } as const;
  const bitmap = await createImageBitmap(await response.blob(), options);
  const { width, height } = bitmap;
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [width, height];
  const pen = canvas.getContext("2d", { willReadFrequently: true }) as CanvasRenderingContext2D;
  pen.drawImage(bitmap, 0, 0);
  bitmap.close();
  return pen.getImageData(0, 0, width, height);
}
