import { readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { isFolder } from "../regular-file.js";

// The folders in `previews/<set>/`: three digits for an image spread over the set, six for one that is kept
// for its score.

/** The largest `previews/<set>/`, in bytes, as far as pictures of earlier evaluations decide it. */
export const LARGEST_PREVIEWS = 256 * 2 ** 20;

/** The folder of an image that is kept for its score, by its index in the set. */
export const extremeFolder = (index: number): string => String(index).padStart(6, "0");

export const isExtreme = (name: string): boolean => name.length >= 6;

/** The folders of images in their order: those spread over the set first. */
export const previewFolders = (folder: string): string[] =>
  isFolder(folder)
    ? readdirSync(folder)
        .filter((name) => /^\d+$/.test(name) && isFolder(join(folder, name)))
        .sort((a, b) => a.length - b.length || (a < b ? -1 : 1))
    : [];

/** Removes the images that are kept for their scores. */
export function removeExtremes(folder: string): void {
  for (const name of previewFolders(folder).filter(isExtreme)) {
    rmSync(join(folder, name), { recursive: true, force: true });
  }
}

/** Removes the pictures of steps after `start`, which a run was resumed from. */
export function dropLater(folder: string, start: number): void {
  const later = picturesIn(folder).filter(({ step }) => step > start);
  if (later.length > 0) removeExtremes(folder); // of the last evaluation
  for (const { path } of later) rmSync(path, { force: true });
}

/**
 * Removes pictures of earlier evaluations until all are at most `largest` bytes: first those of the step that is
 * closest to the one before it. The first and the newest evaluation stay.
 */
export function thinOut(folder: string, largest = LARGEST_PREVIEWS): void {
  const pictures = picturesIn(folder).map((one) => ({ ...one, bytes: statSync(one.path).size }));
  const steps = [...new Set(pictures.map(({ step }) => step))].sort((a, b) => a - b);
  let total = pictures.reduce((sum, { bytes }) => sum + bytes, 0);
  while (total > largest && steps.length > 2) {
    const gap = (i: number) => (steps[i] as number) - (steps[i - 1] as number);
    let at = 1;
    for (let i = 2; i < steps.length - 1; i++) if (gap(i) < gap(at)) at = i;
    const [step] = steps.splice(at, 1);
    for (const one of pictures) {
      if (one.step !== step) continue;
      rmSync(one.path, { force: true });
      total -= one.bytes;
    }
  }
}

const PICTURE = /^step-(\d+)-(prediction|entropy)\.png$/;

function picturesIn(folder: string): { readonly path: string; readonly step: number }[] {
  return previewFolders(folder).flatMap((name) =>
    readdirSync(join(folder, name)).flatMap((file) => {
      const step = PICTURE.exec(file)?.[1];
      return step === undefined ? [] : [{ path: join(folder, name, file), step: Number(step) }];
    }),
  );
}
