/** Where a viewer looks: magnification, and the middle of the view as shares of the picture. */
export interface Zoom {
  readonly scale: number;
  readonly x: number;
  readonly y: number;
}

export const WHOLE: Zoom = { scale: 1, x: 0.5, y: 0.5 };
const LARGEST = 32;

/** Keeps the view inside the picture. */
export function bounded({ scale, x, y }: Zoom): Zoom {
  const size = Math.min(LARGEST, Math.max(1, scale));
  const half = 0.5 / size;
  const inside = (value: number) => Math.min(1 - half, Math.max(half, value));
  return { scale: size, x: inside(x), y: inside(y) };
}

/** The point of the picture under a point of the view, both as shares. */
export const pictureAt = ({ scale, x, y }: Zoom, viewX: number, viewY: number) => ({
  x: x + (viewX - 0.5) / scale,
  y: y + (viewY - 0.5) / scale,
});

/** Magnified by `factor`; the point of the view stays where it is. */
export function magnified(zoom: Zoom, factor: number, viewX = 0.5, viewY = 0.5): Zoom {
  const scale = Math.min(LARGEST, Math.max(1, zoom.scale * factor));
  const point = pictureAt(zoom, viewX, viewY);
  return bounded({
    scale,
    x: point.x - (viewX - 0.5) / scale,
    y: point.y - (viewY - 0.5) / scale,
  });
}

/** Moved by shares of the view. */
export const moved = (zoom: Zoom, viewX: number, viewY: number): Zoom =>
  bounded({ ...zoom, x: zoom.x + viewX / zoom.scale, y: zoom.y + viewY / zoom.scale });

/** The CSS transform of a picture that fills the view at scale 1. */
export const transformOf = ({ scale, x, y }: Zoom): string =>
  `translate(${(0.5 - x * scale) * 100}%, ${(0.5 - y * scale) * 100}%) scale(${scale})`;
