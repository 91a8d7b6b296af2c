import { cityscapes19 } from "../../datasets/class-sets.js";
import { cityscapesIds } from "../../datasets/files/label-maps.js";
import { UserError } from "../../errors.js";
import { writeAtomically } from "../../write-atomically.js";
import { greyPng } from "../pictures.js";
import { perImage } from "./format.js";

/**
 * Label ids in Cityscapes' numbering (road is 7) as a grey PNG: what its server and its evaluation script
 * read. The script finds an image's file by the beginning of its name, `CITY_SEQUENCE_FRAME`.
 */
export const labelIds = perImage({ labels: ".png" }, ({ names }) => {
  const idOf = new Map(
    [...cityscapesIds.trainIds].map(([id, trainId]) => [cityscapes19.names[trainId], id]),
  );
  const unknown = names.filter((name) => !idOf.has(name));
  if (unknown.length > 0) {
    throw new UserError(
      "class-mismatch",
      `--format label-ids: Cityscapes has no class ${unknown.join(", ")}; use --format ids`,
    );
  }
  const table = Uint8Array.from({ length: 256 }, (_, k) => idOf.get(names[k] ?? "") ?? 0);
  return async ({ labels, ...size }, to) => {
    const labelled = labels.map((trainId) => table[trainId] as number);
    writeAtomically(to.labels, await greyPng(labelled, size));
  };
});
