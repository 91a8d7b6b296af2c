import { statSync } from "node:fs";
import { UserError } from "../errors.js";
import { fitPublished, mismatchAdvice, type Network, otherDecoder } from "../network/index.js";
import { loadByName } from "../nn/index.js";
import { dispose, readTensors, scope } from "../torch/index.js";
import { latestCheckpoint } from "./checkpoint.js";

/**
/**
 * Loads weights into a network, from the newest checkpoint of a run folder, a checkpoint, or any file
 * of tensors with the names of the network or of the backbone's published files, under any prefix.
 * Heads that are not in the file (classifiers, projection) keep their initial weights.
 * @returns a message that lists what was loaded and what was not
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
        ...(fresh.length > 0 ? [`initialised: ${fresh.join(", ")}`] : []),
        ...(skipped.length > 0 ? [`not used: ${skipped.join(", ")} of the file`] : []),
        ...hints,
      ].join("; ");
    });
  } finally {
    dispose(read);
  }
}
