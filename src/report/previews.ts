import { join } from "node:path";
import { spread } from "../datasets/check.js";
import { colorize } from "../datasets/colorize.js";
import type { ClassSet, Dataset, Size } from "../datasets/dataset.js";
import { entropyMap } from "../entropy/index.js";
import {
  entropyGrey,
  type ImageScores,
  type Observation,
  type PredictOptions,
  probabilities,
  scores,
} from "../evaluate/index.js";
import type { Network } from "../network/index.js";
import { scope } from "../torch/index.js";
import { stepName } from "../train/step-name.js";
import { writeAtomically } from "../write-atomically.js";
import { extremeImages, scoreOf } from "./image-ranking.js";
import { greyPng, jpeg, rgbPng } from "./pictures.js";
import { dropLater, extremeFolder, removeExtremes, thinOut } from "./preview-files.js";

/** Pictures of a few images of a set in `previews/<set>/`, evaluation by evaluation. */
export interface Previews {
  /**
   * Begins an evaluation. With `extremes`, the images with the worst score, the most gain and the most loss
   * against `before`, the baseline's mIoU by image, replace those of an earlier evaluation.
   */
  evaluation(extremes?: { readonly before: ReadonlyMap<string, number> }): EvaluationPictures;
}

export interface EvaluationPictures {
  /** Holds the predictions of images that are shown. */
  observe(observation: Observation): void;
  /** Writes the pictures. Returns the PNG files of the classes of the images that are spread over the set. */
  write(step: number, images: readonly ImageScores[]): Promise<Buffer[]>;
}

export interface PreviewOptions {
  readonly network: Network;
  readonly predict: PredictOptions;
  /** The size at which the network gets images. */
  readonly size: Size;
  /** The size of predictions and pictures. */
  readonly output: Size;
  /** Steps done: pictures of later steps are removed. */
  readonly start: number;
}

/** Train ids, and the normalised entropy as 0..255, both [height * width]. */
interface Predicted {
  readonly label: Uint8Array;
  readonly entropy: Uint8Array;
}

const SHOWN = 12;

/** Writes name, image and, if there are labels, truth of images spread over a set. */
export async function openPreviews(
  folder: string,
  dataset: Dataset,
  { network, predict, size, output, start }: PreviewOptions,
): Promise<Previews> {
  const { classes, names } = dataset;
  const indices = spread(names.length, SHOWN);
  const place = (index: number, file: string) => {
    const i = indices.indexOf(index);
    return join(folder, i < 0 ? extremeFolder(index) : String(i).padStart(3, "0"), file);
  };

  async function writeImage(index: number): Promise<void> {
    const { name, image, label } = await dataset.load(index, output);
    writeAtomically(place(index, "name.txt"), `${name}\n`);
    writeAtomically(place(index, "input.jpg"), await jpeg(image, output));
    if (label) {
      writeAtomically(place(index, "truth.png"), await classPng(label, classes, output));
    }
  }
  async function writePrediction(index: number, step: number, own: Predicted): Promise<Buffer> {
    const stem = stepName(step);
    const colors = await classPng(own.label, classes, output);
    writeAtomically(place(index, `${stem}-prediction.png`), colors);
    writeAtomically(place(index, `${stem}-entropy.png`), await greyPng(own.entropy, output));
    return colors;
  }
  async function predicted(index: number): Promise<Predicted> {
    const sample = await dataset.load(index, size);
    return scope(() => {
      const p = probabilities(network, sample, output, predict);
      return {
        label: p.argmax(1).typed("uint8") as Uint8Array,
        entropy: entropyGrey(entropyMap(p)),
      };
    });
  }

  dropLater(folder, start);
  for (const index of indices) await writeImage(index);
  return {
    evaluation(extremes) {
      const held = new Map<number, Predicted>();
      const found = extremeImages();
      const before = (index: number) => extremes?.before.get(names[index] as string);
      const isShown = (index: number) =>
        indices.includes(index) || (extremes !== undefined && found.has(index));
      return {
        observe(observation) {
          const { index, prediction, confusion } = observation;
          found.add(index, scores(confusion).miou, before(index));
          if (!isShown(index)) return;
          held.set(index, { label: prediction, entropy: observation.entropyMap() });
          for (const one of held.keys()) if (!isShown(one)) held.delete(one);
        },
        async write(step, images) {
          // Images that another process has measured are predicted again.
          const write = async (index: number) =>
            writePrediction(index, step, held.get(index) ?? (await predicted(index)));
          const drawn: Buffer[] = [];
          for (const index of indices) drawn.push(await write(index));
          if (extremes) {
            removeExtremes(folder);
            const all = extremeImages();
            for (const [index, { iou }] of images.entries()) {
              all.add(index, scoreOf(iou) ?? Number.NaN, before(index));
            }
            for (const index of all.all().filter((one) => !indices.includes(one))) {
              await writeImage(index);
              await write(index);
            }
          }
          held.clear();
          thinOut(folder);
          return drawn;
        },
      };
    },
  };
}

const classPng = (label: Uint8Array, classes: ClassSet, size: Size): Promise<Buffer> =>
  rgbPng(colorize(label, classes), size);
