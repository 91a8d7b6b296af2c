import { dirname, join } from "node:path";
import type { Dataset } from "../datasets/dataset.js";
import { UserError } from "../errors.js";
import type { Measurement } from "../evaluate/index.js";
import { isFolder } from "../regular-file.js";
import { replaceImageScores } from "../report/image-lines.js";
import { openPreviews } from "../report/previews.js";
import { extremes } from "../report/recorder.js";
import { lockRunFolder } from "../train/index.js";
import type { EvaluationSets } from "./domains.js";
import type { Listener } from "./listener.js";
import type { Watch } from "./measure.js";
import type { Trained } from "./open-checkpoint.js";

/** Writes the scores and pictures of images into the folder of the run that is measured. */
export interface ImageKeeper {
  readonly watch: Watch;
  write(results: Readonly<Record<string, Measurement>>): Promise<void>;
  /** Lets other processes write the run folder. */
  release(): void;
}

/**
 * What an evaluation adds to its run folder: `images.jsonl` and previews. undefined, with a note, if the folder
 * cannot be written or another process writes it. undefined for a file of weights, which has no run folder.
 * @param path the run folder, or a checkpoint in it, of which only the spread images are kept
 */
export async function keepImages(
  path: string,
  { config, info, network, stage }: Trained,
  sets: EvaluationSets,
  { note }: Pick<Listener, "note">,
): Promise<ImageKeeper | undefined> {
  const { step } = info;
  if (step === undefined) return undefined;
  const run = isFolder(path) ? path : dirname(dirname(path));
  const [[shown, dataset]] = [...sets] as [[string, Dataset]];
  const { evaluate: size, output = size } = config.sizes;
  const orNote = async <T>(work: () => T | Promise<T>): Promise<T | undefined> => {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      note(`The scores of single images are not saved: ${error.message}.`, "warning");
      return undefined;
    }
  };
  const release = await orNote(() => lockRunFolder(run));
  if (!release) return undefined;
  const previews = await orNote(() =>
    openPreviews(join(run, "previews", shown), dataset, {
      ...{ network, size, output, start: Number.POSITIVE_INFINITY },
      predict: { precision: config.train.precision, stage },
    }),
  );
  const known = await orNote(() => (run === path ? extremes(run, shown) : undefined));
  const pictures = previews?.evaluation(known);
  return {
    watch: (set) => (set === shown ? pictures?.observe : undefined),
    async write(results) {
      const images = Object.entries(results).map(([name, one]) => [name, one.images] as const);
      await orNote(async () => {
        replaceImageScores(run, step, Object.fromEntries(images));
        const own = results[shown];
        if (own) await pictures?.write(step, own.images);
      });
    },
    release,
  };
}
