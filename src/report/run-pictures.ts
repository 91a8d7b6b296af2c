import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { isFile, isFolder } from "../regular-file.js";
import { isExtreme, previewFolders } from "./preview-files.js";

/** One image of `previews/` as files, with the prediction of the newest snapshot. */
export interface Preview {
  readonly name: string;
  /** Its folder. */
  readonly folder: string;
  /** Kept for its score, and not spread over the set. */
  readonly extreme: boolean;
  readonly input: string;
  readonly truth: string | undefined;
  readonly prediction: string | undefined;
  readonly entropy: string | undefined;
  /** The prediction of the run's baseline. */
  readonly baseline: string | undefined;
  readonly step: number | undefined;
}

/** The images of `previews/<set>/`, those spread over the set first. Other files there are ignored. */
export function readPreviews(run: string, set: string): Preview[] {
  const parent = join(run, "previews", set);
  return previewFolders(parent).flatMap((place) => {
    const folder = join(parent, place);
    const files = new Set(namesIn(folder));
    const at = (name: string | undefined) => {
      const path = join(folder, name ?? "");
      return name !== undefined && files.has(name) && isFile(path) ? path : undefined;
    };
    const input = at("input.jpg");
    if (input === undefined) return [];
    const prediction = [...files].filter((name) => PREDICTION.test(name)).at(-1);
    const stem = /^step-(\d+)/.exec(prediction ?? "");
    const name = at("name.txt");
    return {
      name: name ? readFileSync(name, "utf8").trim() : place,
      ...{ folder, extreme: isExtreme(place), input },
      truth: at("truth.png"),
      prediction: at(prediction),
      entropy: at(stem ? `${stem[0]}-entropy.png` : undefined),
      baseline: at("baseline.png"),
      step: stem ? Number(stem[1]) : undefined,
    };
  });
}

const PREDICTION = /^step-\d+-prediction\.png$/;

/** Pairs of `style/`: an image before and after the coarse stage. */
export function readStyleSamples(run: string): { content: string; result: string }[] {
  const folder = join(run, "style");
  return namesIn(folder)
    .filter((name) => /^\d+-content\.jpg$/.test(name))
    .map((name) => ({
      content: join(folder, name),
      result: join(folder, name.replace("-content", "-result")),
    }))
    .filter(({ content, result }) => isFile(content) && isFile(result));
}

/** The names in a folder, sorted; none if it is missing or not a folder. */
const namesIn = (folder: string): string[] => (isFolder(folder) ? readdirSync(folder).sort() : []);
