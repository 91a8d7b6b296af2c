import { statSync } from "node:fs";
import { UserError } from "../errors.js";
import { fitPublished, mismatchAdvice, type Network, otherDecoder } from "../network/index.js";
import { loadByName } from "../nn/index.js";
import { dispose, readTensors, scope } from "../torch/index.js";
import { latestCheckpoint } from "./checkpoint.js";

/**
 * Puts weights into a network: of a run's newest checkpoint, a checkpoint, or any file of tensors whose
 * names are those of the network or of the backbone's published files, below whatever prefix.
 * Heads that the file does not have (classifiers, projection) stay as they are.
 * @returns what was taken and what was not, in a sentence
 * @throws UserError if a tensor is missing, left over or of another shape, or the file has a classifier of
 *   another decoder; then nothing was changed
 */
export function startFrom(path: string, network: Network): string {
  const isFolder = statSync(path, { throwIfNoEntry: false })?.isDirectory();
  const file = isFolder ? latestCheckpoint(path) : path;
  const { tensors: read } = readTensors(file);
  try {
    return scope(() => {
      const { tensors, wanted, fresh, skipped, hints } = fitPublished(read, network);
      const advice = mismatchAdvice(read, network);
      if (otherDecoder(read, network) !== undefined) {
        throw new UserError(
          "weights-mismatch",
          `${file} has another decoder than the network; ${advice}`,
        );
      }
      loadByName(file, tensors, wanted, advice);
      return [
        `weights from ${file}: ${wanted.size} tensors`,
        ...(fresh.length > 0 ? [`${fresh.join(", ")} of the network as new`] : []),
        ...(skipped.length > 0 ? [`its ${skipped.join(", ")} left out`] : []),
        ...hints,
      ].join("; ");
    });
  } finally {
    dispose(read);
  }
}
