import { UserError } from "../../errors.js";
import { dispose, keep, type Tensor } from "../../torch/index.js";
import { latestCheckpoint, methodStateOf, readCheckpoint } from "../../train/index.js";
import type { Listener } from "../listener.js";
import type { Trained } from "../open-checkpoint.js";
import { describe } from "./describe.js";
import { type Choice, type Description, rank } from "./rank.js";

/** A chosen image with what was measured of it. */
export type ChosenImage<T> = Omit<Choice, "index"> &
  Pick<Description, "entropy" | "novelty"> & { readonly image: T };

/** What `chooseImages` found. */
export interface Chosen<T> {
  /** The best first. */
  readonly images: readonly ChosenImage<T>[];
  /** Images that were left out because they show the view of a chosen one. */
  readonly nearDuplicates: number;
}

/**
 * Ranks unlabelled images by what labels of them would teach the network of a run; see `rank`. Images that
 * cannot be read are left out with a note.
 * @param run the run folder or checkpoint that `trained` is of
 * @throws UserError if no image can be read
 */
export async function chooseImages<T extends { readonly path: string }>(
  run: string,
  trained: Trained,
  images: readonly T[],
  count: number,
  { note, progress }: Listener,
): Promise<Chosen<T>> {
  const prototypes = sourcePrototypes(run);
  const readable: T[] = [];
  const descriptions: Description[] = [];
  try {
    for (const [i, image] of images.entries()) {
      try {
        descriptions.push(await describe(trained, image.path, prototypes));
        readable.push(image);
      } catch (error) {
        if (!(error instanceof UserError) || error.code !== "image-unreadable") throw error;
        note(`left out: ${error.message}`, "warning");
      }
      progress("reading images", i + 1, images.length);
    }
  } finally {
    prototypes?.dispose();
  }
  if (readable.length === 0) {
    throw new UserError(
      "no-images",
      `none of the ${images.length} images can be read: choose other images`,
    );
  }
  const { choices, nearDuplicates } = rank(descriptions, count);
  const found = choices.map(({ index, ...choice }) => {
    const { entropy, novelty } = descriptions[index] as Description;
    return { ...choice, entropy, novelty, image: readable[index] as T };
  });
  return { images: found, nearDuplicates };
}

/** The source bank [C, D] of a run's newest checkpoint; undefined if its method has none, or it is empty. */
function sourcePrototypes(run: string): Tensor | undefined {
  const { tensors } = readCheckpoint(latestCheckpoint(run));
  try {
    const bank = methodStateOf(tensors).get("bank.source");
    if (bank === undefined || bank.norm().item() === 0) return undefined;
    return keep(bank.clone());
  } finally {
    dispose(tensors);
  }
}
