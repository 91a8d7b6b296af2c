import type { Color } from "../../src/datasets/dataset.js";
import type { ModelInfo } from "../../src/export/model-info.js";
import type { Segmentation } from "../../src/export/segmenter.js";
import { LAYER_COLORS } from "../../src/report/change-map.js";
import type { Source } from "./source.js";

export type View = "classes" | "entropy" | "disagreement" | "image";

export interface Look {
  readonly view: View;
  /** 0..1 */
  readonly opacity: number;
  /** The only class to show, if any. */
  readonly only: number | undefined;
}

/** The picture of one network: the image, with its prediction laid over. */
export interface Panel {
  readonly element: HTMLElement;
  /** @param differs 1 where another network predicts another class, [height * width] of the result */
  draw(source: Source, result: Segmentation | undefined, look: Look, differs?: Uint8Array): void;
}

const WIDEST = 1280;

export function createPanel(name: string, info: ModelInfo): Panel {
  const element = document.createElement("figure");
  const canvas = document.createElement("canvas");
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", `${name}: no image yet`);
  const caption = document.createElement("figcaption");
  const [title, detail, under] = ["b", "span", "output"].map((tag) => document.createElement(tag));
  (title as HTMLElement).textContent = name;
  const { width: wide, height: high } = info.size;
  (detail as HTMLElement).textContent = `${info.title}; the network sees ${wide}x${high}`;
  caption.append(title as Node, detail as Node, under as Node);
  element.append(canvas, caption);
  const context = canvas.getContext("2d") as CanvasRenderingContext2D;
  const layer = document.createElement("canvas");
  let last: Segmentation | undefined;

  canvas.addEventListener("pointermove", ({ offsetX, offsetY }) => {
    if (last === undefined) return;
    const x = Math.floor((offsetX / canvas.clientWidth) * last.width);
    const y = Math.floor((offsetY / canvas.clientHeight) * last.height);
    const label = last.labels[y * last.width + x];
    (under as HTMLElement).textContent = info.classes[label ?? -1]?.name ?? "";
  });
  canvas.addEventListener("pointerleave", () => {
    (under as HTMLElement).textContent = "";
  });

  return {
    element,
    draw(source, result, { view, opacity, only }, differs) {
      last = result;
      const shrink = Math.min(1, WIDEST / source.width);
      const width = Math.max(320, Math.round(source.width * shrink));
      const height = Math.round((width * source.height) / source.width);
      if (canvas.width !== width || canvas.height !== height) {
        canvas.width = width;
        canvas.height = height;
      }
      context.globalAlpha = 1;
      context.imageSmoothingEnabled = true;
      context.drawImage(source.picture, 0, 0, width, height);
      if (result === undefined || view === "image") return;
      layer.width = result.width;
      layer.height = result.height;
      const pixels =
        view === "entropy" && result.entropy
          ? entropyPixels(result.entropy)
          : classPixels(result.labels, info, only, view === "disagreement" ? differs : undefined);
      (layer.getContext("2d") as CanvasRenderingContext2D).putImageData(
        new ImageData(pixels, result.width, result.height),
        0,
        0,
      );
      context.globalAlpha = opacity;
      context.imageSmoothingEnabled = view === "entropy";
      context.drawImage(layer, 0, 0, width, height);
      canvas.setAttribute("aria-label", `${name}: ${summary(result, info)}`);
    },
  };
}

/** Pixels of each class as shares of the image, in train-id order. */
export function areas({ labels }: Segmentation, classes: number): number[] {
  const counts = new Array<number>(classes).fill(0);
  for (const label of labels) counts[label] = (counts[label] as number) + 1;
  return counts.map((count) => count / labels.length);
}

/** The largest classes in words. */
function summary(result: Segmentation, info: ModelInfo): string {
  return areas(result, info.classes.length)
    .map((share, label) => ({ share, name: info.classes[label]?.name }))
    .sort((a, b) => b.share - a.share)
    .slice(0, 4)
    .filter(({ share }) => share > 0)
    .map(({ share, name }) => `${name} ${Math.round(100 * share)} %`)
    .join(", ");
}

/** The colours of the classes; with `differs`, the pixels on which both networks agree are pale. */
function classPixels(
  labels: Uint8Array,
  info: ModelInfo,
  only: number | undefined,
  differs: Uint8Array | undefined,
) {
  const pixels = new Uint8ClampedArray(labels.length * 4);
  for (const [i, label] of labels.entries()) {
    if (only !== undefined && label !== only) continue;
    const agrees = differs?.[i] === 0;
    const color = agrees ? LAYER_COLORS.right : (info.classes[label]?.color as Color);
    pixels.set(color, i * 4);
    pixels[i * 4 + 3] = 255;
  }
  return pixels;
}

/** From dark blue (the network is certain) over purple and orange to pale yellow (undecided). */
const RAMP: readonly Color[] = [
  [8, 12, 48],
  [94, 24, 108],
  [186, 54, 84],
  [242, 132, 44],
  [252, 246, 170],
];

function entropyPixels(entropy: Float32Array) {
  const pixels = new Uint8ClampedArray(entropy.length * 4);
  for (const [i, value] of entropy.entries()) {
    const place = Math.min(0.9999, Math.max(0, value)) * (RAMP.length - 1);
    const [low, high] = [RAMP[Math.floor(place)] as Color, RAMP[Math.floor(place) + 1] as Color];
    for (let c = 0; c < 3; c++) {
      const from = low[c] as number;
      pixels[i * 4 + c] = from + (place % 1) * ((high[c] as number) - from);
    }
    pixels[i * 4 + 3] = 255;
  }
  return pixels;
}
